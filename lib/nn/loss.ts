import { binaryCrossEntropy, crossEntropy, mseLoss } from '../ops/loss.js'
import type { Tensor } from '../tensor.js'
import { Module } from './module.js'
import { oneOf } from './validate.js'

/** How the losses of a batch become the result. */
export type Reduction = 'mean' | 'sum' | 'none'

export interface LossOptions {
  /** default 'mean' */
  reduction?: Reduction
}

abstract class Loss extends Module {
  readonly reduction: Reduction

  /** @throws RangeError when the reduction is unknown */
  constructor(options: LossOptions = {}) {
    super()
    this.reduction = oneOf(new.target.name, 'reduction', options.reduction ?? 'mean', ['mean', 'sum', 'none'])
  }
}

/** Softmax and negative log likelihood of logits [N, C] against labels int32 [N] or probabilities [N, C]. */
export class CrossEntropyLoss extends Loss {
  forward(logits: Tensor, target: Tensor): Tensor {
    return crossEntropy(logits, target, this)
  }
}

/** −t·log p − (1 − t)·log(1 − p), each logarithm at least −100; probabilities and targets of one shape. */
export class BCELoss extends Loss {
  forward(p: Tensor, target: Tensor): Tensor {
    return binaryCrossEntropy(p, target, this)
  }
}

/** (x − target)². */
export class MSELoss extends Loss {
  forward(x: Tensor, target: Tensor): Tensor {
    return mseLoss(x, target, this)
  }
}
