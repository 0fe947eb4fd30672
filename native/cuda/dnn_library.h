// cuDNN's functions, statuses, types and descriptors.
#pragma once
#include "cuda.h"
#ifdef CONVCORE_CUDA_EMULATED
#include <cudnn.h>
#else
#include "cudnn_subset.h"
#endif

namespace convcore::cuda::dnn {

struct Functions {
#define F(result, name, parameters) result(*name) parameters;
  CUDNN_FUNCTIONS(F)
#undef F
};

/// Opens the library at the first call.
const LibraryInfo& library();

/// Only where the library could be opened.
const Functions& cudnn();

constexpr bool unsupported(cudnnStatus_t status) { return status / 1000 == CUDNN_STATUS_NOT_SUPPORTED / 1000; }

/// Throws std::runtime_error that names `what` and cuDNN's reason; out of memory is std::bad_alloc.
void check(cudnnStatus_t status, const char* what);

/// Of float32, float16 and bfloat16.
cudnnDataType_t type_of(DType dtype);

template <class D, auto create, auto destroy>
class Descriptor {
 public:
  Descriptor() { check((cudnn().*create)(&descriptor_), "a descriptor of cuDNN"); }
  ~Descriptor() { (cudnn().*destroy)(descriptor_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  operator D() const { return descriptor_; }

 private:
  D descriptor_ = nullptr;
};
using Tensor = Descriptor<cudnnTensorDescriptor_t, &Functions::cudnnCreateTensorDescriptor,
                          &Functions::cudnnDestroyTensorDescriptor>;
using Filter = Descriptor<cudnnFilterDescriptor_t, &Functions::cudnnCreateFilterDescriptor,
                          &Functions::cudnnDestroyFilterDescriptor>;
using Convolution = Descriptor<cudnnConvolutionDescriptor_t, &Functions::cudnnCreateConvolutionDescriptor,
                               &Functions::cudnnDestroyConvolutionDescriptor>;

}  // namespace convcore::cuda::dnn
