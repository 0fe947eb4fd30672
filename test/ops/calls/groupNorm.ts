import { groupNorm, instanceNorm, type InstanceNormOptions, layerNorm } from 'convcore'
import type { Calls } from './call.js'

interface Options extends InstanceNormOptions {
  groups: number
  normalizedShape: number[]
  show: 'y' | 'runningMean' | 'runningVar'
}

export const calls: Calls<Options> = {
  layerNorm: ([x, weight, bias], { normalizedShape, ...options }) =>
    layerNorm(x!, normalizedShape, weight, bias, options),
  groupNorm: ([x, weight, bias], { groups, ...options }) => groupNorm(x!, groups, weight, bias, options),
  instanceNorm: ([x, runningMean, runningVar, weight, bias], { show, ...options }) => {
    const y = instanceNorm(x!, runningMean, runningVar, weight, bias, options)
    return { y, runningMean: runningMean!, runningVar: runningVar! }[show]
  },
}
