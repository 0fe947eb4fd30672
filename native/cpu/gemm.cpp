#include "gemm.h"

#include "../scratch.h"
#include "packing.h"
#include "tiling.h"

namespace convcore::cpu::ISA {
namespace {

constexpr int64_t kPage = 4096;  // bytes; rows so far apart, or times that, compete for one cache set
// Packing B is not worth it for tiles so few on top of each other that read rows so near, in bytes.
constexpr int64_t kFewTiles = 8, kNearRows = 2048;
constexpr int64_t kMaxPanels = 1 << 24;  // bytes that B in panels may take

/// Memory of one thread: a panel of A, the panels of B, the bias and the row addresses of one tile.
template <class T>
struct Workspace {
  T *a, *b, *bias, **rows;

  static constexpr int64_t kA = kTileRows * kPanelStride<T>;
  static int64_t depth(const Tiling& tiling) { return lesser(tiling.k, kDepth); }
  static int64_t size_b(const Tiling& tiling) { return tiling.n / kTileColumns<T> * panel_size<T>(depth(tiling)); }
  static int64_t bytes(const Tiling& tiling) {
    return round_up((kA + size_b(tiling) + tiling.n) * sizeof(T) + tiling.m * sizeof(T*), 64);
  }

  Workspace(std::byte* memory, const Tiling& tiling)
      : a(reinterpret_cast<T*>(memory)),
        b(a + kA),
        bias(b + size_b(tiling)),
        rows(reinterpret_cast<T**>(bias + tiling.n)) {}
};

/// A tile of C that ends inside a vector: its whole vectors live here meanwhile.
template <class T>
class EdgeTile {
 public:
  EdgeTile(int64_t rows, int64_t columns, int64_t column) : count_(rows), columns_(columns), column_(column) {
    for (int64_t i = 0; i < rows; ++i) rows_[i] = tile_ + i * kTileColumns<T>;
  }
  T* const* rows() const { return rows_; }
  void read(T* const* c) {
    for (int64_t i = 0; i < count_; ++i)
      for (int64_t j = 0; j < columns_; ++j) rows_[i][j] = c[i][column_ + j];
  }
  void write(T* const* c) const {
    for (int64_t i = 0; i < count_; ++i)
      for (int64_t j = 0; j < columns_; ++j) c[i][column_ + j] = rows_[i][j];
  }

 private:
  int64_t count_, columns_, column_;
  T tile_[kTileRows * kTileColumns<T>];
  T* rows_[kTileRows];
};

/// The part of one item's C that a job computes, over [from, from + depth) of the sum.
struct Job {
  int64_t item, row, rows, column, columns, from, depth;
};

/// Rows [first, first + rows) of a matrix that is stored so; nothing where they do not lie side by side.
template <class T>
Ahead<T> whole_rows(const Source<T>& s, int64_t item, int64_t first, int64_t rows, int64_t columns) {
  if (s.stretch) return s.stretch(s.self, first, rows);
  if (!s.data || s.stride != columns) return {};
  return {s.data + item * s.item + first * columns, rows * columns};
}

/// What the block after this one reads of the factors whose rows the sum runs over.
template <class T>
class NextBlock {
 public:
  NextBlock(const Gemm<T>& g, const Job& job) {
    const int64_t first = job.from + job.depth, rows = lesser(job.depth, g.k - first);
    if (rows > 0 && !g.panels && !g.b.transposed) b_ = whole_rows(g.b, job.item, first, rows, job.columns);
    if (rows > 0 && g.a.transposed) a_ = whole_rows(g.a, job.item, first, rows, job.rows);
  }
  const T* take(int64_t lines) {
    const T* b = b_.take(lines);
    return b ? b : a_.take(lines);
  }

 private:
  Ahead<T> a_, b_;
};

/// Where the microkernel reads a factor.
template <class T>
struct Panel {
  const T* data;
  int64_t stride;
};

template <class T>
bool readable(const Source<T>& s) {
  return s.data && s.stride * sizeof(T) % kPage != 0;
}

template <class T>
bool reads_b_in_place(const Gemm<T>& g, const Job& job) {
  return readable(g.b) && !g.b.transposed && g.b.stride * int64_t{sizeof(T)} <= kNearRows && g.n % kLanesOf<T> == 0 &&
         job.rows <= kFewTiles * kTileRows;
}

template <class T>
void pack_block(const Gemm<T>& g, const Job& job, T* to) {
  constexpr int64_t step = kTileColumns<T>;
  for (int64_t from = 0; from < job.depth; from += kStrip)
    for (int64_t j = 0; j < job.columns; j += step) {
      int64_t columns = lesser(step, job.columns - j), width = panel_width<T>(columns);
      int64_t depth = lesser(kStrip, job.depth - from);
      pack_b(g.b, job.item, {job.from + from, depth, job.column + j, columns},
             to + j / step * panel_size<T>(job.depth) + from * width, width);
    }
}

template <class T>
void multiply_block(const Gemm<T>& g, const Job& job, bool first, const Workspace<T>& work) {
  constexpr int64_t step = kTileColumns<T>;
  const bool a_in_place = readable(g.a), b_in_place = !g.panels && reads_b_in_place(g, job);
  if (!b_in_place && !g.panels) pack_block(g, job, work.b);
  NextBlock<T> next(g, job);
  const int64_t groups = divide_up(job.rows, kTileRows);
  for (int64_t group = 0; group < groups; ++group) {
    const int64_t i = job.rows * group / groups, rows = job.rows * (group + 1) / groups - i, row = job.row + i;
    Panel<T> a{work.a, g.a.transposed ? kTileRows : kPanelStride<T>};
    if (a_in_place)
      a = {g.a.at(job.item, row, job.from), g.a.stride};
    else
      pack_a(g, job.item, row, rows, job.from, job.depth, work.a);
    Ahead<T> below;
    if (!g.a.transposed && job.depth == g.k)
      below = whole_rows(g.a, job.item, row + rows, lesser(rows, g.m - row - rows), g.k);
    T* const* c = work.rows + i;
    for (int64_t j = 0; j < job.columns; j += step) {
      int64_t columns = lesser(step, job.columns - j), width = panel_width<T>(columns);
      const auto pick = g.a.transposed ? microkernel_for<T, false> : microkernel_for<T, true>;
      const auto multiply = pick(width / kLanesOf<T>, rows);
      const T* bias = first ? work.bias + j : nullptr;
      Panel<T> b{work.b + j / step * panel_size<T>(job.depth), width};
      if (g.panels) b.data = g.panels + (job.column + j) / step * panel_size<T>(g.k) + job.from * width;
      if (b_in_place) b = {g.b.at(job.item, job.from, job.column + j), g.b.stride};
      const T* ahead = below.take(job.depth);
      if (!ahead) ahead = next.take(job.depth);
      const Factors<T> factors{job.depth, a.data, a.stride, b.data, b.stride, 1, 0, ahead};
      if (columns == width) {
        multiply(factors, bias, c, job.column + j);
      } else {
        EdgeTile<T> edge(rows, columns, job.column + j);
        if (!first) edge.read(c);
        multiply(factors, bias, edge.rows(), 0);
        edge.write(c);
      }
    }
  }
}

template <class T>
void run(const Gemm<T>& g, const Target<T>& c, Job job, const Workspace<T>& work) {
  Position at = c.grid.at(job.row);
  for (int64_t i = 0; i < job.rows; ++i, c.grid.advance(at)) work.rows[i] = c.row(job.item, at);
  bool biased = g.bias && job.from == 0;
  for (int64_t j = 0; j < round_up(job.columns, kTileColumns<T>); ++j)
    work.bias[j] = biased && j < job.columns ? g.bias[job.item * g.bias_item + job.column + j] : 0;
  const bool whole = job.depth == g.k;
  int64_t end = job.from + job.depth, blocks = job.depth > kDepth ? divide_up(job.depth, kDepth) : 1;
  job.depth = round_up(divide_up(job.depth, blocks), kLanesOf<T>);
  for (int64_t block = 0; block < blocks; ++block, job.from += job.depth) {
    job.depth = lesser(job.depth, end - job.from);
    multiply_block(g, job, block == 0, work);
  }
  if ((g.relu || g.residual) && whole)
    for (int64_t i = 0; i < job.rows; ++i) {
      T* row = work.rows[i] + job.column;
      finish_row(row, g.residual ? g.residual + (row - g.c.data) : nullptr, g.relu, job.columns);
    }
}

/// Runs every job; piece p of a sum goes to the matrices of targets(p).
template <class T, class Targets>
void run_all(const Gemm<T>& g, const Tiling& tiling, Targets targets) {
  int64_t jobs = g.items * tiling.rows * tiling.columns * tiling.pieces;
  int64_t slots = lesser(lesser(thread_count(), tiling.threads), jobs);
  int64_t bytes = Workspace<T>::bytes(tiling);
  Scratch memory(slots * bytes);
  for_each_job(jobs, slots, [&](int64_t slot, int64_t i) {
    Workspace<T> work(memory.as<std::byte>() + slot * bytes, tiling);
    int64_t row = i % tiling.rows, rest = i / tiling.rows;
    int64_t column = rest % tiling.columns, piece = rest / tiling.columns % tiling.pieces;
    Job job{rest / tiling.columns / tiling.pieces,     row * tiling.m,
            lesser(tiling.m, g.m - row * tiling.m),    column * tiling.n,
            lesser(tiling.n, g.n - column * tiling.n), piece * tiling.k,
            lesser(tiling.k, g.k - piece * tiling.k)};
    run(g, targets(piece), job, work);
  });
}

/// Sums over k in pieces, and then the pieces in order.
template <class T>
void run_pieces(const Gemm<T>& g, const Tiling& tiling) {
  int64_t rows = g.items * g.m, size = rows * g.n;
  Scratch memory(tiling.pieces * size * int64_t{sizeof(T)});
  T* partial = memory.as<T>();
  run_all(g, tiling, [&](int64_t piece) { return dense_target(partial + piece * size, g.m, g.n); });
  parallel_range(rows, divide_up(8192, g.n), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      T* __restrict c = g.c.row(row / g.m, g.c.grid.at(row % g.m));
      const T* from = partial + row * g.n;
      for (int64_t j = 0; j < g.n; ++j) c[j] = from[j];
      for (int64_t piece = 1; piece < tiling.pieces; ++piece)
        for (int64_t j = 0; j < g.n; ++j) c[j] += from[piece * size + j];
      finish_row(c, g.residual ? g.residual + (c - g.c.data) : nullptr, g.relu, g.n);
    }
  });
}

template <class T>
void multiply(const Gemm<T>& g, const Tiling& tiling) {
  if (tiling.pieces > 1)
    run_pieces(g, tiling);
  else
    run_all(g, tiling, [&](int64_t) { return g.c; });
}

template <class T>
void multiply(Gemm<T> g) {
  if (g.items == 0 || g.m == 0 || g.n == 0) return;
  const Tiling tiling(g.items, g.m, g.n, g.k, kTileRows, kTileColumns<T>, thread_count());
  // Jobs on top of each other read the same panels of B: rather than each for itself, they are packed once.
  const int64_t bytes = panels_of<T>(g.n) * panel_size<T>(g.k) * int64_t{sizeof(T)};
  if (g.panels || g.items > 1 || tiling.rows == 1 || !g.b.data || bytes > kMaxPanels) return multiply(g, tiling);
  Scratch panels(bytes);
  pack_panels(g.b, g.k, g.n, panels.as<T>());
  g.panels = panels.as<T>();
  multiply(g, tiling);
}

}  // namespace

void gemm(const Gemm<float>& g) { multiply(g); }
void gemm(const Gemm<double>& g) { multiply(g); }

}  // namespace convcore::cpu::ISA
