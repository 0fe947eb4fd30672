#!/usr/bin/env bash
# The suite under the address and undefined-behaviour sanitizers; stream, pool and threads under the thread sanitizer.
set -euo pipefail
cd "$(dirname "$0")/.."

cmake -S . -B build/thread -DCONVCORE_SANITIZE=thread -DCONVCORE_TESTS=ON -DCONVCORE_CUDA=none -DCONVCORE_ISAS=generic >/dev/null
cmake --build build/thread --parallel 2 --target stream_test >/dev/null
CONVCORE_THREADS=4 TSAN_OPTIONS=halt_on_error=1 build/thread/stream_test

check() {
  local log
  log=build/address/$(echo "$1" | tr / -).log
  node "$1" >"$log" 2>&1 && return
  printf 'failed under the address sanitizer: %s\n%s\n' "$1" "$(grep -E 'ERROR: AddressSanitizer|runtime error|not ok' "$log" | head -n 20)"
}

# One set of kernels, as wide as this machine's vectors: instruction sets differ in their width alone.
npm run build:native -- --out build/address --CDCONVCORE_ISAS=generic --CDCMAKE_CXX_FLAGS=-march=native \
  --CDCONVCORE_SANITIZE=address,undefined --CDCONVCORE_CUDA=none >/dev/null
runtime="$(c++ -print-file-name=libasan.so) $(c++ -print-file-name=libubsan.so)"
# Node itself leaks at exit by design, and V8 uses the alternate signal stack.
export LD_PRELOAD="$runtime" ASAN_OPTIONS=detect_leaks=0:use_sigaltstack=0 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export CONVCORE_ADDON="$PWD/build/address/Release/convcore.node" CONVCORE_ISA=generic CONVCORE_SANITIZED=1 TAP_TIMEOUT=600
# Two files at a time; the log of one that fails is shown in part. The examples would train for minutes, with nothing that
# the others do not run; nor has what is written in TypeScript alone, on ops tested elsewhere, anything for a sanitizer.
export -f check
files=$(find build/ts/test -name '*.test.js' | grep -vE '/(docs|examples|codeBlocks|smoke)\.test|/(cli|dashboard|models|onnx|keras|package|visualize|vision)/' | sort)
failed=$(echo "$files" | xargs -P 2 -I FILE bash -c 'check FILE' | tee -a /dev/stderr | grep -c '^failed' || true)
echo "$(($(echo "$files" | wc -l) - failed)) passed, $failed failed"
[ "$failed" = 0 ]
