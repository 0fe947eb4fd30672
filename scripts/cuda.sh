#!/usr/bin/env bash
# CUDA without a GPU: the emulation's own test, then the suite's ops, modules and training on emulated devices, every
# access checked, work as late as CUDA allows. With nvcc at hand the real backend is built too, and must load and run
# the CPU's part of the suite where there is no driver.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/suite.sh

npm run build:native -- --out build/emulated --CDCONVCORE_CUDA=emulated --CDCONVCORE_ISAS=generic --CDCONVCORE_TESTS=ON
cmake --build build/emulated --parallel 2 --target emulation_test | grep -E 'not ok|error|passed'

emulated() {
  EMULATION_STREAMS=lazy CONVCORE_ADDON="$PWD/build/emulated/Release/convcore.node" CONVCORE_ISA=generic \
    CONVCORE_THREADS=1 TAP_TIMEOUT=0 "$@"
}
# Our own kernels do everything: a library that does it for them would hide them. All cases, forward and backward, are
# compared with the CPU's by ops/device.
# shellcheck disable=SC2046
CONVCORE_CUBLAS=none CONVCORE_CUDNN=none emulated node --enable-source-maps --import ./build/ts/test/cuda/default.js \
  --test --test-concurrency=2 $(on_cuda | grep -v -e /ops/forward -e /ops/gradient)
CONVCORE_CUBLAS=none CONVCORE_CUDNN=none emulated node --enable-source-maps --test --test-concurrency=2 \
  $(suite '*/ops/device.test.js')
# The host faults when it touches device memory.
EMULATION_PROTECT=1 emulated node --enable-source-maps --test --test-concurrency=2 \
  $(suite '*/cuda/transfer.test.js' '*/cuda/training.test.js')
# With the libraries, emulated too.
emulated node --enable-source-maps --test --test-concurrency=2 $(suite '*/cuda/*.test.js')

nvcc=${CONVCORE_NVCC:-$(command -v nvcc || true)}
if [ "$nvcc" ]; then
  # CPATH names the folders of headers that lie in no usual place.
  printf '#include <cublas_v2.h>\n#include <cudnn.h>\n' >build/headers.cpp
  if "$nvcc" -E build/headers.cpp >/dev/null 2>&1; then
    "$nvcc" -std=c++17 -Wno-deprecated-declarations -c test/cuda/headers.cpp -o build/headers.o
    echo "what is declared of cuBLAS and cuDNN is as in NVIDIA's headers"
  else
    echo 'no headers of cuBLAS and cuDNN here, or in CPATH: what is declared of them was not compared'
  fi
  npm run build:native -- --out build/cuda --CDCONVCORE_CUDA=real --CDCONVCORE_ISAS=generic \
    --CDCONVCORE_CUDA_ARCHITECTURES="${CONVCORE_CUDA_ARCHITECTURES:-90}"
  ls -l build/cuda/Release/convcore.node
  CONVCORE_ADDON="$PWD/build/cuda/Release/convcore.node" node --enable-source-maps --test --test-concurrency=1 \
    $(suite '*/device.test.js' '*/cuda/*.test.js' '*/ops/forward.test.js')
else
  echo 'no nvcc here: the real CUDA backend was not built'
fi
