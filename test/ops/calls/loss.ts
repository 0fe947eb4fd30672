import {
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  huberLoss,
  klDiv,
  l1Loss,
  type LossOptions,
  mseLoss,
  smoothL1Loss,
} from 'convcore'
import type { Calls } from './call.js'

export const calls: Calls<LossOptions> = {
  binaryCrossEntropy: ([p, target, weight], options) => binaryCrossEntropy(p!, target!, { ...options, weight }),
  binaryCrossEntropyWithLogits: ([x, target, posWeight, weight], options) =>
    binaryCrossEntropyWithLogits(x!, target!, { ...options, posWeight, weight }),
  huberLoss: ([x, target], options) => huberLoss(x!, target!, options),
  klDiv: ([x, target], options) => klDiv(x!, target!, options),
  l1Loss: ([x, target], options) => l1Loss(x!, target!, options),
  mseLoss: ([x, target], options) => mseLoss(x!, target!, options),
  smoothL1Loss: ([x, target], options) => smoothL1Loss(x!, target!, options),
}
