import { localResponseNorm, type LocalResponseNormOptions } from 'convcore'
import type { Calls } from './call.js'

export const calls: Calls<LocalResponseNormOptions & { size: number }> = {
  localResponseNorm: ([x], { size, ...options }) => localResponseNorm(x!, size, options),
}
