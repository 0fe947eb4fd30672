#!/usr/bin/env bash
# In the archive of `npm run pack:offline` this is run.sh. It needs g++ and nvcc, but no npm and no network.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
. scripts/suite.sh

usage() {
  cat <<'END'
usage: ./run.sh COMMAND
node, make and cmake are in bin; g++ and the CUDA toolkit (nvcc) must be here, npm and a network need not.
  build                          the addon, for the GPUs here or for CONVCORE_CUDA_ARCHITECTURES, such as "80;90"
  test [PATTERN]                 the suite on the GPU; of it, what has PATTERN in its path
  test --device cpu [PATTERN]    the suite on the CPU
  sanitize [PATTERN]             the ops' tests under compute-sanitizer; CONVCORE_SANITIZE_TOOLS are its tools,
                                 CONVCORE_SANITIZE_KERNELS a part of the kernels' names, CONVCORE_JOBS runs at a time
  bench [ARGUMENTS]              the performance cases on the GPU, beside the PyTorch of PYTHON, else of python3
  train [ARGUMENTS]              the MNIST network on the GPU
CUDA_PATH is the toolkit's folder where nvcc is neither on the PATH nor in /usr/local/cuda.
END
}

fail() {
  echo "$*" >&2
  exit 1
}

toolkit=${CUDA_PATH:-${CUDA_HOME:-/usr/local/cuda}}
export PATH="$PWD/bin:$PATH:$toolkit/bin:$toolkit/compute-sanitizer"

on_gpu=(--import ./build/ts/test/cuda/default.js)

found() {
  echo "node: $(node --version)"
  echo "nvcc: $( (nvcc --version 2>/dev/null || echo none) | grep -E 'release|none')"
  echo "GPU: $(nvidia-smi --query-gpu=name,driver_version,compute_cap --format=csv,noheader 2>/dev/null || echo none)"
}

# A folder, and more definitions for CMake.
build() {
  command -v nvcc >/dev/null || fail 'no nvcc: CUDA_PATH names the folder of the CUDA toolkit'
  local folder=$1 cuda=auto
  shift
  if [ "${CONVCORE_CUDA_ARCHITECTURES:-}" ]; then
    cuda=real
    set -- -DCONVCORE_CUDA_ARCHITECTURES="$CONVCORE_CUDA_ARCHITECTURES" "$@"
  fi
  cmake -S . -B "$folder" -G 'Unix Makefiles' -DCONVCORE_CUDA="$cuda" -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_JS_INC="$PWD/node_modules/node-api-headers/include" \
    -DCMAKE_LIBRARY_OUTPUT_DIRECTORY="$PWD/$folder/Release" "$@" | tee "$folder.log"
  grep -q 'CUDA is real' "$folder.log" ||
    fail 'nvidia-smi names no GPU to build for: say which with CONVCORE_CUDA_ARCHITECTURES=90, for example'
  cmake --build "$folder" --target convcore --parallel "$(nproc)"
}

addon() {
  [ -f "$1/Release/convcore.node" ] || fail "no addon yet: ./run.sh $2 builds it"
  export CONVCORE_ADDON="$PWD/$1/Release/convcore.node"
}

# Says which GPU and which libraries the addon sees.
gpu() {
  node --input-type=module --eval "
    import { cuda } from 'convcore'
    if (!cuda.isAvailable()) {
      console.error('no CUDA device: ' + cuda.unavailableReason())
      process.exit(1)
    }
    console.log(cuda.properties())"
}

# Arguments of bench and train that name a device have the last word.
gpu_unless_named() { [[ " $* " == *' --device'* ]] || gpu; }

# Test files on stdin, options of Node in the arguments.
tests() {
  local files
  mapfile -t files
  [ "${#files[@]}" -gt 0 ] || return 0
  TAP_TIMEOUT=0 node --enable-source-maps "$@" --test "${files[@]}"
}

matching() { grep -F -- "$1" || true; }

some_match() { [ "$(suite '*.test.js' | matching "$1")" ] || fail "no test file has \"$1\" in its path"; }

# The README's snippets are left out: they need the TypeScript compiler.
on_cpu() { suite '*.test.js' | grep -v /codeBlocks.test.js; }

run_tests() {
  addon build build
  if [ "${1:-}" = --device ]; then
    [ "${2:-}" = cpu ] || fail "test --device: expected cpu, got \"${2:-}\""
    some_match "${3:-}"
    on_cpu | matching "${3:-}" | tests --test-concurrency=1
    return
  fi
  some_match "${1:-}"
  gpu
  local failed=0
  echo '# convcore kernels alone'
  on_cuda | matching "${1:-}" | CONVCORE_CUBLAS=none CONVCORE_CUDNN=none tests "${on_gpu[@]}" --test-concurrency=4 || failed=1
  echo '# with the libraries that were found'
  on_cuda | matching "${1:-}" | tests "${on_gpu[@]}" --test-concurrency=4 || failed=1
  suite '*/ops/device.test.js' '*/cuda/*.test.js' | matching "${1:-}" | tests --test-concurrency=1 || failed=1
  return $failed
}

# A tool and a test file. cuBLAS and cuDNN are left out, so that it is our kernels that run.
sanitize_one() {
  local log started=$SECONDS kernels=()
  log=build/sanitize/$1-$(basename "$2" .test.js).log
  if [ "${CONVCORE_SANITIZE_KERNELS:-}" ]; then kernels=(--kernel-name "kernel_substring=$CONVCORE_SANITIZE_KERNELS"); fi
  if CONVCORE_CUBLAS=${CONVCORE_CUBLAS:-none} CONVCORE_CUDNN=${CONVCORE_CUDNN:-none} TAP_TIMEOUT=0 \
    compute-sanitizer --tool "$1" --target-processes all --launch-timeout 300 --error-exitcode 99 --print-limit 20 \
    "${kernels[@]}" node --enable-source-maps --import ./build/ts/test/cuda/default.js "$2" >"$log" 2>&1; then
    echo "ok $1 $2, $((SECONDS - started)) s"
  else
    echo "not ok $1 $2, $((SECONDS - started)) s, see $log"
    grep -E '^=========|not ok' "$log" | head -n 20
    return 1
  fi
}

sanitize() {
  command -v compute-sanitizer >/dev/null || fail "no compute-sanitizer on the PATH or in $toolkit"
  some_match "${1:-}"
  # Each tensor is an allocation of its own, so that the bounds of each are checked.
  build build/sanitize -DCMAKE_CXX_FLAGS=-DCONVCORE_POOL_NONE -DCMAKE_CUDA_FLAGS='-DCONVCORE_POOL_NONE -lineinfo'
  addon build/sanitize sanitize
  gpu
  export -f sanitize_one
  local tool
  for tool in ${CONVCORE_SANITIZE_TOOLS:-memcheck racecheck initcheck}; do
    on_cuda | matching "${1:-/ops/}" | sed "s/^/$tool /"
  done | xargs -P "${CONVCORE_JOBS:-1}" -L 1 bash -c 'sanitize_one "$@"' sanitize
}

command=${1:-}
[ $# -eq 0 ] || shift
case $command in build | test | sanitize | bench | train) found ;; esac
case $command in
build) build build ;;
test) run_tests "$@" ;;
sanitize) sanitize "$@" ;;
bench)
  addon build build
  gpu_unless_named "$@"
  node --enable-source-maps build/ts/bench/run.js --device cuda --python "${PYTHON:-python3}" "$@"
  ;;
train)
  addon build build
  gpu_unless_named "$@"
  if [ -d data ]; then export CONVCORE_DATA="${CONVCORE_DATA:-$PWD/data}"; fi
  CONVCORE_OFFLINE=1 node --enable-source-maps build/ts/examples/run.js mnist-cnn --device cuda "$@"
  ;;
*)
  usage
  exit 2
  ;;
esac
