import { native } from './native.js'

/** What this process computes with. */
export interface Info {
  /** Instruction set of the CPU kernels. `CONVCORE_ISA` forces a lower one. */
  isa: 'generic' | 'avx2' | 'avx512'
  /** Compute threads, `CONVCORE_THREADS` or the processors at hand. */
  threads: number
}

/** See {@link Info}. */
export const info = (): Info => ({ isa: native.isa, threads: native.threads })
