import { crossEntropy, type CrossEntropyOptions, nllLoss } from '../ops/crossEntropy.js'
import {
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  huberLoss,
  klDiv,
  l1Loss,
  mseLoss,
  smoothL1Loss,
} from '../ops/loss.js'
import type { Tensor } from '../tensor.js'
import { Module } from './module.js'
import { nonNegative, oneOf, probability } from './validate.js'

/** How the losses of a batch become the result. */
export type Reduction = 'mean' | 'sum' | 'none'

/** What all losses are told. */
export interface LossOptions {
  /** default 'mean' */
  reduction?: Reduction
}

abstract class Loss extends Module {
  /** How the losses of a batch become the result. */
  readonly reduction: Reduction

  /** @throws RangeError when the reduction is unknown */
  constructor(options: LossOptions = {}) {
    super()
    this.reduction = oneOf(new.target.name, 'reduction', options.reduction ?? 'mean', ['mean', 'sum', 'none'])
  }
}

/** A loss with a weight, which is part of the module's state where it is given. */
abstract class WeightedLoss extends Loss {
  /** How much each class, or element, counts; undefined: all alike. */
  readonly weight: Tensor | undefined

  /** @throws {RangeError} when the reduction is unknown */
  constructor(options: LossOptions & { weight?: Tensor } = {}) {
    super(options)
    if (options.weight) this.weight = this.registerBuffer('weight', options.weight)
  }
}

/** Options of {@link CrossEntropyLoss}, which has others too, and {@link NLLLoss}. */
export interface ClassLossOptions extends LossOptions {
  /** [C], how much each class counts; default all 1 */
  weight?: Tensor
  /** Targets that lose nothing; default −100 */
  ignoreIndex?: number
}

abstract class ClassLoss extends WeightedLoss {
  /** Targets that lose nothing. */
  readonly ignoreIndex: number

  /** @throws {RangeError} when the reduction is unknown */
  constructor(options: ClassLossOptions = {}) {
    super(options)
    this.ignoreIndex = options.ignoreIndex ?? -100
  }
}

/**
 * Softmax and negative log likelihood of logits [N, C] or [N, C, d1, …] against labels int32 [N] or [N, d1, …], or
 * probabilities of the logits' shape.
 */
export class CrossEntropyLoss extends ClassLoss {
  /** Share of each target that goes to all classes alike. */
  readonly labelSmoothing: number

  /** @param options `labelSmoothing`: how much of each target is spread over all classes, 0 to 1; default 0 */
  constructor(options: ClassLossOptions & Pick<CrossEntropyOptions, 'labelSmoothing'> = {}) {
    super(options)
    this.labelSmoothing = probability('CrossEntropyLoss', 'labelSmoothing', options.labelSmoothing ?? 0)
  }

  forward(logits: Tensor, target: Tensor): Tensor {
    return crossEntropy(logits, target, this)
  }
}

/** −x[target] of log probabilities [N, C] or [N, C, d1, …] against labels int32 [N] or [N, d1, …]. */
export class NLLLoss extends ClassLoss {
  forward(x: Tensor, target: Tensor): Tensor {
    return nllLoss(x, target, this)
  }
}

/** −t·log p − (1 − t)·log(1 − p), each logarithm at least −100; probabilities and targets of one shape. */
export class BCELoss extends WeightedLoss {
  forward(p: Tensor, target: Tensor): Tensor {
    return binaryCrossEntropy(p, target, this)
  }
}

/** −w·t·log σ(x) − (1 − t)·log(1 − σ(x)), stable for logits of any size; logits and targets of one shape. */
export class BCEWithLogitsLoss extends WeightedLoss {
  /** How much positive targets count; undefined: as the others. */
  readonly posWeight: Tensor | undefined

  /** @param options `posWeight`: how much the positive part of targets counts, broadcast to their shape; default 1 */
  constructor(options: LossOptions & { weight?: Tensor; posWeight?: Tensor } = {}) {
    super(options)
    if (options.posWeight) this.posWeight = this.registerBuffer('posWeight', options.posWeight)
  }

  forward(x: Tensor, target: Tensor): Tensor {
    return binaryCrossEntropyWithLogits(x, target, this)
  }
}

/** (x − target)². */
export class MSELoss extends Loss {
  forward(x: Tensor, target: Tensor): Tensor {
    return mseLoss(x, target, this)
  }
}

/** |x − target|. */
export class L1Loss extends Loss {
  forward(x: Tensor, target: Tensor): Tensor {
    return l1Loss(x, target, this)
  }
}

/** (x − target)² / (2 · beta) where |x − target| is below beta, else |x − target| − beta / 2. */
export class SmoothL1Loss extends Loss {
  /** Where the square ends and the line begins. */
  readonly beta: number

  /** @param options `beta`: default 1 */
  constructor(options: LossOptions & { beta?: number } = {}) {
    super(options)
    this.beta = nonNegative('SmoothL1Loss', 'beta', options.beta ?? 1)
  }

  forward(x: Tensor, target: Tensor): Tensor {
    return smoothL1Loss(x, target, this)
  }
}

/** (x − target)² / 2 where |x − target| is below delta, else delta · (|x − target| − delta / 2). */
export class HuberLoss extends Loss {
  /** Where the square ends and the line begins. */
  readonly delta: number

  /** @param options `delta`: above 0, default 1 */
  constructor(options: LossOptions & { delta?: number } = {}) {
    super(options)
    this.delta = nonNegative('HuberLoss', 'delta', options.delta ?? 1)
  }

  forward(x: Tensor, target: Tensor): Tensor {
    return huberLoss(x, target, this)
  }
}

/** target · (log target − x) of log probabilities x. */
export class KLDivLoss extends Module {
  /** How the losses of a batch become the result; `'batchmean'`: their sum by the number of samples. */
  readonly reduction: Reduction | 'batchmean'
  /** Whether targets are logarithms of probabilities. */
  readonly logTarget: boolean

  /**
   * @param options `reduction`: also 'batchmean', the sum over the first dimension's size; `logTarget`: whether targets
   *   are log probabilities too, default false
   * @throws RangeError when the reduction is unknown
   */
  constructor(options: { reduction?: Reduction | 'batchmean'; logTarget?: boolean } = {}) {
    super()
    const { reduction = 'mean', logTarget = false } = options
    this.reduction = oneOf('KLDivLoss', 'reduction', reduction, ['mean', 'sum', 'none', 'batchmean'])
    this.logTarget = logTarget
  }

  forward(x: Tensor, target: Tensor): Tensor {
    return klDiv(x, target, this)
  }
}
