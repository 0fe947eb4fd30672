#include "gemm.h"

#include "../scratch.h"
#include "packing.h"
#include "tiling.h"

namespace convcore::cpu::ISA {
namespace {

constexpr int64_t kPage = 4096;  // bytes; rows so far apart, or times that, compete for one cache set

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

template <class T>
void multiply_block(const Gemm<T>& g, const Job& job, bool first, const Workspace<T>& work) {
  constexpr int64_t step = kTileColumns<T>;
  const int64_t panel = panel_size<T>(job.depth);
  const bool in_place = !g.a.transposed && g.a.data && g.a.stride * sizeof(T) % kPage != 0;
  for (int64_t from = 0; from < job.depth; from += kStrip)
    for (int64_t j = 0; j < job.columns; j += step) {
      int64_t columns = lesser(step, job.columns - j), width = panel_width<T>(columns);
      int64_t depth = lesser(kStrip, job.depth - from);
      pack_b(g.b, job.item, {job.from + from, depth, job.column + j, columns}, work.b + j / step * panel + from * width,
             width);
    }
  for (int64_t i = 0; i < job.rows; i += kTileRows) {
    int64_t rows = lesser(kTileRows, job.rows - i);
    const T* a = work.a;
    int64_t a_stride = g.a.transposed ? kTileRows : kPanelStride<T>;
    if (in_place) {
      a_stride = g.a.stride;
      a = g.a.data + job.item * g.a.item + (job.row + i) * a_stride + job.from;
    } else {
      pack_a(g, job.item, job.row + i, rows, job.from, job.depth, work.a);
    }
    T* const* c = work.rows + i;
    for (int64_t j = 0; j < job.columns; j += step) {
      int64_t columns = lesser(step, job.columns - j), width = panel_width<T>(columns);
      const auto pick = g.a.transposed ? microkernel_for<T, false> : microkernel_for<T, true>;
      const auto multiply = pick(width / kLanesOf<T>, rows);
      const T* bias = first ? work.bias + j : nullptr;
      Factors<T> factors{job.depth, a, a_stride, work.b + j / step * panel, width};
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
  int64_t end = job.from + job.depth, blocks = job.depth > kDepth ? divide_up(job.depth, kDepth) : 1;
  job.depth = divide_up(job.depth, blocks);
  for (int64_t block = 0; block < blocks; ++block, job.from += job.depth) {
    job.depth = lesser(job.depth, end - job.from);
    multiply_block(g, job, block == 0, work);
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
    }
  });
}

template <class T>
void multiply(const Gemm<T>& g) {
  if (g.items == 0 || g.m == 0 || g.n == 0) return;
  const Tiling tiling(g.items, g.m, g.n, g.k, kTileRows, kTileColumns<T>, thread_count());
  if (tiling.pieces > 1)
    run_pieces(g, tiling);
  else
    run_all(g, tiling, [&](int64_t) { return g.c; });
}

}  // namespace

void gemm(const Gemm<float>& g) { multiply(g); }
void gemm(const Gemm<double>& g) { multiply(g); }

}  // namespace convcore::cpu::ISA
