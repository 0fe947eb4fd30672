#include "../scratch.h"
#include "depthwise.h"
#include "depthwise_channels.h"
#include "depthwise_row.h"

namespace convcore::cpu::ISA {
namespace {

constexpr int64_t kTaps = 9;                      // whose sums are in registers together
constexpr int64_t kStrip = 16, kPositions = 256;  // columns and pixels of y at a time, so that x stays at hand
constexpr int64_t kPart = 4096;                   // sums of a job that adds up the pieces
constexpr int64_t kPieces = 64;                   // of the rows, each with sums of its own

/// A rectangle of y, in pixels or in several that are taken as one; steps are in elements.
template <class T>
struct Rectangle {
  const T *x, *dy;  // dy begins at the first column
  int64_t x_begin;  // elements to add to the taps'
  int64_t columns, x_step, dy_step;
  int64_t rows, x_row, dy_row;
};

/// The taps' sums [taps, pitch] for pixels that are taken together. A vector of channels that goes back has its own
/// place all the same, so that none is added twice.
template <class T>
struct Sums {
  T* sum;
  int64_t channels, pitch;
};

/// Rows of y that meet the same taps, each time further by x_row.
template <class T>
struct Rows {
  const Row& first;
  const T *x, *dy;  // dy begins at the first row
  int64_t count, x_row, dy_row;
};

template <class T>
using Add = void (*)(const Rectangle<T>&, const Tap* taps, const Sums<T>&);

/// Adds up dy · x over the rectangle for `Taps` taps.
template <class T, int64_t Lanes, int64_t Taps>
void add_sums(const Rectangle<T>& y, const Tap* taps, const Sums<T>& sums) {
  using V = Vector<T, Lanes>;
  for (int64_t block = 0; block * Lanes < sums.channels; ++block) {
    const int64_t c = start_of(block, Lanes, sums.channels);
    const T* x[Taps];
    V sum[Taps];
#pragma GCC unroll 9
    for (int64_t i = 0; i < Taps; ++i) {
      x[i] = y.x + (y.x_begin + taps[i].element + c);
      sum[i] = V{};
    }
    for (int64_t row = 0; row < y.rows; ++row) {
      const T* dy = y.dy + row * y.dy_row + c;
      int64_t at = row * y.x_row;
      for (int64_t column = 0; column < y.columns; ++column, at += y.x_step, dy += y.dy_step) {
        const V gradient = load<T, Lanes>(dy);
#pragma GCC unroll 9
        for (int64_t i = 0; i < Taps; ++i) sum[i] += gradient * load<T, Lanes>(x[i] + at);
      }
    }
#pragma GCC unroll 9
    for (int64_t i = 0; i < Taps; ++i) {
      T* to = sums.sum + taps[i].index * sums.pitch + block * Lanes;
      store<T, Lanes>(to, load<T, Lanes>(to) + sum[i]);
    }
  }
}

template <class T, int64_t Lanes, int64_t... I>
const Add<T>* adds(std::integer_sequence<int64_t, I...>) {
  static constexpr Add<T> table[] = {add_sums<T, Lanes, I + 1>...};
  return table;
}

/// What has sums of its own: one pixel, or several at once.
template <class T>
struct Group {
  int64_t pixels, channels, lanes, pitch, size;  // size: elements of the sums of all taps
  const Add<T>* add;

  Group(int64_t pixels, int64_t pixel_channels, int64_t taps) : pixels(pixels), channels(pixels * pixel_channels) {
    with_width<T, 2>(channels, [&](auto constant) {
      lanes = constant;
      add = adds<T, constant>(std::make_integer_sequence<int64_t, kTaps>{});
    });
    pitch = round_up(channels, lanes);
    size = taps * pitch;
  }

  /// Adds up `width` pixels from `column` on of each of `rows`.
  void run(const Rows<T>& rows, const Tap* taps, int64_t tap_count, int64_t column, int64_t width, T* sum) const {
    const Row& row = rows.first;
    if (width < pixels || tap_count == 0) return;
    const int64_t x_pixel = row.step * row.channels, taps_at_once = divide_up(tap_count, divide_up(tap_count, kTaps));
    const Rectangle<T> y{rows.x,           rows.dy + column * row.channels,
                         column * x_pixel, width / pixels,
                         pixels * x_pixel, channels,
                         rows.count,       rows.x_row,
                         rows.dy_row};
    for (int64_t i = 0; i < tap_count; i += taps_at_once)
      add[lesser(taps_at_once, tap_count - i) - 1](y, taps + i, {sum, channels, pitch});
  }

  /// Adds the sums to dweight [channels of a pixel, taps].
  void add_to(T* dweight, int64_t taps, const T* sum) const {
    const int64_t pixel_channels = channels / pixels;
    for (int64_t i = 0; i < channels; ++i) {
      const int64_t block = i / lanes, place = block * lanes + i - start_of(block, lanes, channels);
      T* to = dweight + i % pixel_channels * taps;
      for (int64_t tap = 0; tap < taps; ++tap) to[tap] += sum[tap * pitch + place];
    }
  }
};

/// Adds up rows of y: sums are those for one pixel, then those for several.
template <class T>
void add_rows(const Rows<T>& rows, const Group<T>& one, const Group<T>& several, T* sums) {
  const Row& row = rows.first;
  const auto [begin, end] = row.inside();
  const auto border = [&](int64_t column) { one.run(rows, row.taps + row.count, row.list(column), column, 1, sums); };
  for (int64_t column = 0; column < begin; ++column) border(column);
  int64_t column = begin;
  if (several.pixels > 1) {
    column = begin + (end - begin) / several.pixels * several.pixels;
    several.run(rows, row.taps, row.count, begin, column - begin, sums + one.size);
  }
  for (; column < end; column += kStrip) one.run(rows, row.taps, row.count, column, lesser(kStrip, end - column), sums);
  for (column = end; column < row.columns; ++column) border(column);
}

/// How many rows of y from `line` on, before `end`, meet the same taps.
int64_t rows_alike(const Conv& p, int64_t line, int64_t end) {
  const Axis rows = vertical(p);
  const int64_t first = rows.outputs(0).begin, last = rows.outputs(p.r - 1).end, row = line % p.p;
  const int64_t most = divide_up(kPositions, lesser(p.q, kStrip));
  return row < first || row >= last ? 1 : lesser(most, lesser(last - row, end - line));
}

}  // namespace

// The rows are split by their number alone, so that the sums' order never changes.
void depthwise_backward_weight(const Conv& p, In x, In dy, Out dweight) {
  dispatch_float(dweight.dtype, [&](auto zero) {
    using T = decltype(zero);
    const int64_t taps = p.t * p.r * p.s, lines = p.n * p.o * p.p;
    const int64_t rows = rows_of_job(p, p.q), least = divide_up(lines, kPieces), grain = rows > least ? rows : least;
    const int64_t pieces = dy.count > 0 ? divide_up(lines, grain) : 0, slots = lesser(thread_count(), pieces);
    const Group<T> one(1, p.c, taps), several(pixels_at_once<T>(p.c, p.stride_w), p.c, taps);
    const int64_t size = one.size + (several.pixels > 1 ? several.size : 0);
    Scratch sums(pieces * size * int64_t{sizeof(T)}), lists(slots * 2 * taps * int64_t{sizeof(Tap)});
    for_each_job(pieces, slots, [&](int64_t slot, int64_t piece) {
      Row row{p.q, p.w, p.stride_w, p.c, lists.as<Tap>() + slot * 2 * taps, 0};
      T* sum = sums.as<T>() + piece * size;
      for (int64_t i = 0; i < size; ++i) sum[i] = 0;
      const int64_t end = lesser(lines, (piece + 1) * grain);
      for (int64_t line = piece * grain, count; line < end; line += count) {
        count = rows_alike(p, line, end);
        list_taps(p, line, &row);
        const T* gradient = dy.as<T>() + line * p.q * p.c;
        add_rows<T>({row, x.as<T>(), gradient, count, p.stride_h * p.w * p.c, p.q * p.c}, one, several, sum);
      }
    });
    for (int64_t i = 0; i < dweight.count; ++i) dweight.as<T>()[i] = 0;
    if (pieces == 0) return;
    T* all = sums.as<T>();
    parallel_range(size, kPart, [&](int64_t begin, int64_t end) {
      for (int64_t piece = 1; piece < pieces; ++piece)
        for (int64_t i = begin; i < end; ++i) all[i] += all[piece * size + i];
    });
    one.add_to(dweight.as<T>(), taps, all);
    if (several.pixels > 1) several.add_to(dweight.as<T>(), taps, all + one.size);
  });
}

}  // namespace convcore::cpu::ISA
