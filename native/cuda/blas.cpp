#include "blas.h"

#include <new>

#include "context.h"
#include "handles.h"
#include "library.h"
#ifdef CONVCORE_CUDA_EMULATED
#include <cublas_v2.h>
#else
#include "cublas_subset.h"
#endif

namespace convcore::cuda::blas {
namespace {

struct Functions {
#define F(result, name, parameters) result(*name) parameters;
  CUBLAS_FUNCTIONS(F)
#undef F
};

Functions functions;

std::string accept(void* library, std::string& version) {
#define F(result, name, parameters) \
  if (!(CONVCORE_FIND(library, functions, name))) return "it has no " #name;
  CUBLAS_FUNCTIONS(F)
#undef F
  (void)library;
  int numbers[3] = {};
  for (int i = 0; i < 3; ++i)
    if (functions.cublasGetProperty(static_cast<libraryPropertyType>(i), &numbers[i]) != CUBLAS_STATUS_SUCCESS)
      return "it does not tell its version";
  version = std::to_string(numbers[0]) + "." + std::to_string(numbers[1]) + "." + std::to_string(numbers[2]);
  if (numbers[0] != 12 && numbers[0] != 13) return "expected version 12 or 13, got " + version;
  return refused_by_driver(numbers[0]);
}

/// Opens the library at the first call.
const LibraryInfo& library() {
  static const LibraryInfo& opened = *new LibraryInfo(open_library(
      {"cuBLAS", "CONVCORE_CUBLAS", "libcublas", {13, 12}, {"libcublasLt"}, {"nvidia/cu13/lib", "nvidia/cublas/lib"}},
      accept));
  return opened;
}

cublasContext* make(std::string& reason) {
  cublasHandle_t handle = nullptr;
  cublasStatus_t status = functions.cublasCreate_v2(&handle);
  if (status == CUBLAS_STATUS_SUCCESS)
    status = functions.cublasSetMathMode(handle, CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION);
  if (status == CUBLAS_STATUS_SUCCESS) return handle;
  reason = std::string("cublasCreate: ") + functions.cublasGetStatusString(status);
  return nullptr;
}

Handles<cublasContext>& handles() {
  static auto& all = *new Handles<cublasContext>(make);
  return all;
}

Handles<cublasContext>::Lease lease() {
  if (!library().reason.empty()) return nullptr;
  return handles().take(context().device);
}

void check(cublasStatus_t status, const char* what) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  if (status == CUBLAS_STATUS_ALLOC_FAILED) throw std::bad_alloc();
  fail("%s failed: %s", what, functions.cublasGetStatusString(status));
}

cudaDataType type_of(DType dtype) {
  switch (dtype) {
    case DType::Float64: return CUDA_R_64F;
    case DType::Float16: return CUDA_R_16F;
    case DType::BFloat16: return CUDA_R_16BF;
    default: return CUDA_R_32F;
  }
}

/// What NVIDIA recommends, by compute capability. One workspace per stream makes cuBLAS give the same bits each time.
int64_t workspace_bytes() {
#ifdef CONVCORE_CUDA_EMULATED
  return 256;
#else
  return context().capability >= 90 ? int64_t{32} << 20 : int64_t{4} << 20;
#endif
}

}  // namespace

LibraryInfo info() {
  LibraryInfo found = library();
  if (found.reason.empty()) found.reason = handles().reason();
  return found;
}

bool available() { return lease() != nullptr; }

// cuBLAS's matrices are column-major, so it is given the transposed product: yᵀ = op(b)ᵀ · op(a)ᵀ.
void gemm(const Gemm& g) {
  const auto handle = lease();
  const Scratch workspace(workspace_bytes());
  check(functions.cublasSetStream_v2(handle.get(), context().stream), "cublasSetStream");
  check(functions.cublasSetWorkspace_v2(handle.get(), workspace.as<void>(), static_cast<size_t>(workspace_bytes())),
        "cublasSetWorkspace");
  const bool wide = g.dtype == DType::Float64;
  const float one = 1, beta = g.accumulate ? 1 : 0;
  const double wide_one = 1, wide_beta = beta;
  const void* alpha_at = wide ? static_cast<const void*>(&wide_one) : &one;
  const void* beta_at = wide ? static_cast<const void*>(&wide_beta) : &beta;
  const cudaDataType type = type_of(g.dtype);
  const cublasComputeType_t compute = wide                                          ? CUBLAS_COMPUTE_64F
                                      : g.dtype == DType::Float32 && tf32_allowed() ? CUBLAS_COMPUTE_32F_FAST_TF32
                                                                                    : CUBLAS_COMPUTE_32F;
  const cublasOperation_t op_a = g.transpose_a ? CUBLAS_OP_T : CUBLAS_OP_N;
  const cublasOperation_t op_b = g.transpose_b ? CUBLAS_OP_T : CUBLAS_OP_N;
  if (g.batch == 1)
    check(functions.cublasGemmEx_64(handle.get(), op_b, op_a, g.n, g.m, g.k, alpha_at, g.b, type, g.row_b, g.a, type,
                                    g.row_a, beta_at, g.y, type, g.row_y, compute, CUBLAS_GEMM_DEFAULT),
          "cublasGemmEx");
  else
    check(functions.cublasGemmStridedBatchedEx_64(handle.get(), op_b, op_a, g.n, g.m, g.k, alpha_at, g.b, type, g.row_b,
                                                  g.stride_b, g.a, type, g.row_a, g.stride_a, beta_at, g.y, type,
                                                  g.row_y, g.stride_y, g.batch, compute, CUBLAS_GEMM_DEFAULT),
          "cublasGemmStridedBatchedEx");
}

}  // namespace convcore::cuda::blas
