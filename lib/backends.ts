import { native, type ConvAlgorithm, type CpuConvAlgorithm } from './native.js'

export type { ConvAlgorithm, CpuConvAlgorithm }

/** Settings of what ops run on, for the whole process. */
export const backends = {
  /** Of CPUs. */
  cpu: {
    /**
     * The algorithm of all convolutions that it can do: `'gemm'`, a matrix product that packs the images bit by bit;
     * `'direct'`, which reads them where they are; or `'winograd'`, which multiplies a quarter as often for 3×3 windows at
     * stride 1 in float32, at the price of a rounding error some times larger (relative, about 2e-6). At first what
     * `CONVCORE_CPU_CONV_ALGO` says, or `'auto'`, which goes by the shape alone.
     */
    get convAlgorithm(): CpuConvAlgorithm {
      return native.cpuConvAlgorithm()
    },
    /** For all convolutions from now on. @throws {RangeError} for another name */
    set convAlgorithm(name: CpuConvAlgorithm) {
      native.cpuConvAlgorithm(name)
    },
  },
  /** Of GPUs. */
  cuda: {
    /**
     * Whether each new shape of a convolution has its algorithms timed, the fastest of which is used from then on. They
     * may differ between runs, and so may results, in the last bits. At first false.
     */
    get benchmark(): boolean {
      return native.convBenchmark()
    },
    /** For shapes that are new from now on. @throws {TypeError} unless it is a boolean */
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
    /** For all convolutions from now on. @throws {RangeError} for another name */
    set convAlgorithm(name: ConvAlgorithm) {
      native.convAlgorithm(name)
    },
  },
}
