#include "dnn_library.h"

#include <new>

#include "library.h"

namespace convcore::cuda::dnn {
namespace {

Functions functions;

std::string accept(void* library, std::string& version) {
#define F(result, name, parameters) \
  if (!(CONVCORE_FIND(library, functions, name))) return "it has no " #name;
  CUDNN_FUNCTIONS(F)
#undef F
  (void)library;
  const size_t number = functions.cudnnGetVersion(), major = number / 10000;
  version = std::to_string(major) + "." + std::to_string(number / 100 % 100) + "." + std::to_string(number % 100);
  if (major != 9) return "expected version 9, got number " + std::to_string(number);
  return refused_by_driver(static_cast<int>(functions.cudnnGetCudartVersion() / 1000));
}

}  // namespace

const LibraryInfo& library() {
  static const LibraryInfo& opened = *new LibraryInfo(open_library({"cuDNN",
                                                                    "CONVCORE_CUDNN",
                                                                    "libcudnn",
                                                                    {9},
                                                                    {"libcudnn_graph", "libcudnn_ops", "libcudnn_cnn"},
                                                                    {"nvidia/cudnn/lib"}},
                                                                   accept));
  return opened;
}

const Functions& cudnn() { return functions; }

void check(cudnnStatus_t status, const char* what) {
  if (status == CUDNN_STATUS_SUCCESS) return;
  if (status == CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED ||
      status == CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED)
    throw std::bad_alloc();
  fail("%s failed: %s", what, functions.cudnnGetErrorString(status));
}

cudnnDataType_t type_of(DType dtype) {
  switch (dtype) {
    case DType::Float32: return CUDNN_DATA_FLOAT;
    case DType::Float16: return CUDNN_DATA_HALF;
    case DType::BFloat16: return CUDNN_DATA_BFLOAT16;
    default: fail("expected float32, float16 or bfloat16, got %s", name_of(dtype));
  }
}

}  // namespace convcore::cuda::dnn
