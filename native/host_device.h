// HOST_DEVICE: a function that CUDA kernels call too.
#pragma once
#ifdef __CUDACC__
#define HOST_DEVICE __host__ __device__
#else
#define HOST_DEVICE
#endif
