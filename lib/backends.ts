import { native } from './native.js'

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
  },
}
