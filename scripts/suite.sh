# Sourced: the compiled tests that run on CUDA, emulated or real.

# Not the packed package's: see npm run test:package.
suite() { for pattern in "$@"; do find build/ts/test -path "$pattern" -not -path '*/package/*'; done | sort -u; }

# With test/cuda/default.ts preloaded, which places on the GPU what names no device.
on_cuda() {
  suite '*/ops/forward.test.js' '*/ops/gradient.test.js' '*/ops/errors.test.js' '*/ops/pytorch.test.js' \
    '*/nn/*.test.js' '*/optim/*.test.js' '*/autograd/*.test.js' '*/execution.test.js' '*/random.test.js' '*/capture/*.test.js' \
    '*/train/checkpoint.test.js' '*/train/metrics.test.js' '*/transforms/*.test.js'
}
