import { binaryCrossEntropy, crossEntropy, type LossOptions, mseLoss } from 'convcore'
import type { Calls } from './call.js'

export const calls: Calls<LossOptions> = {
  binaryCrossEntropy: ([p, target], options) => binaryCrossEntropy(p!, target!, options),
  crossEntropy: ([x, target], options) => crossEntropy(x!, target!, options),
  mseLoss: ([x, target], options) => mseLoss(x!, target!, options),
}
