import { batchNorm, type BatchNormOptions } from 'convcore'
import type { Calls } from './call.js'

interface Options extends BatchNormOptions {
  show: 'y' | 'runningMean' | 'runningVar'
}

export const calls: Calls<Options> = {
  batchNorm: ([x, runningMean, runningVar, weight, bias], { show, ...options }) => {
    const y = batchNorm(x!, runningMean, runningVar, weight, bias, options)
    return { y, runningMean: runningMean!, runningVar: runningVar! }[show]
  },
}
