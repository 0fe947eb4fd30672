import { crossEntropy, type CrossEntropyOptions, nllLoss } from 'convcore'
import type { Calls } from './call.js'

export const calls: Calls<CrossEntropyOptions> = {
  crossEntropy: ([x, target, weight], options) => crossEntropy(x!, target!, { ...options, weight }),
  nllLoss: ([x, target, weight], options) => nllLoss(x!, target!, { ...options, weight }),
}
