#!/usr/bin/env bash
# The suite under the address and undefined-behaviour sanitizers; stream, pool and threads under the thread sanitizer.
set -euo pipefail
cd "$(dirname "$0")/.."

cmake -S . -B build/thread -DCONVCORE_SANITIZE=thread -DCONVCORE_TESTS=ON -DCONVCORE_CUDA=none >/dev/null
cmake --build build/thread --parallel 2 --target stream_test >/dev/null
CONVCORE_THREADS=4 TSAN_OPTIONS=halt_on_error=1 build/thread/stream_test

npm run build:native -- --out build/address --CDCONVCORE_SANITIZE=address,undefined --CDCONVCORE_CUDA=none >/dev/null
runtime="$(c++ -print-file-name=libasan.so) $(c++ -print-file-name=libubsan.so)"
# Node itself leaks at exit by design, and V8 uses the alternate signal stack.
export LD_PRELOAD="$runtime" ASAN_OPTIONS=detect_leaks=0:use_sigaltstack=0 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export CONVCORE_ADDON="$PWD/build/address/Release/convcore.node" CONVCORE_SANITIZED=1
failed=0
files=$(find build/ts/test -name '*.test.js' | sort)
for file in $files; do
  node "$file" >build/sanitizer.log 2>&1 || {
    echo "failed under the address sanitizer: $file"
    grep -E 'ERROR: AddressSanitizer|runtime error|not ok' build/sanitizer.log | head -n 20
    failed=$((failed + 1))
  }
done
echo "$(($(echo "$files" | wc -l) - failed)) passed, $failed failed"
[ "$failed" = 0 ]
