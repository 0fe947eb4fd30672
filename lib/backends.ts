import { native, type ConvAlgorithm } from './native.js'

export type { ConvAlgorithm }

/** Settings of what ops run on, for the whole process. */
export const backends = {
  cuda: {
    /**
     * Whether each new shape of a convolution has its algorithms timed, the fastest of which is used from then on. They
     * may differ between runs, and so may results, in the last bits. At first false.
     */
    get benchmark(): boolean {
      return native.convBenchmark()
    },
    set benchmark(on: boolean) {
      native.convBenchmark(on)
    },

    /**
     * The algorithm of all convolutions that it can do: `'im2col'` and a matrix product, `'implicit'` GEMM without a column
     * buffer, or `'cudnn'`. `'auto'`, or what `CONVCORE_CONV_ALGO` says, at first: cuDNN where it is found, plain products
     * for 1×1, a kernel of its own for depthwise ones.
     */
    get convAlgorithm(): ConvAlgorithm {
      return native.convAlgorithm()
    },
    set convAlgorithm(name: ConvAlgorithm) {
      native.convAlgorithm(name)
    },
  },
}
