import { ones, zeros } from '../create.js'
import { wide } from '../dtype.js'
import { ShapeError } from '../errors.js'
import { kernels } from '../native.js'
import { batchNorm } from '../ops/norm.js'
import type { Tensor } from '../tensor.js'
import { emptyParameter, type FactoryOptions } from './factory.js'
import { ones_, zeros_ } from './init.js'
import { Module } from './module.js'
import type { Parameter } from './parameter.js'
import { python } from './print.js'
import { nonNegative, positiveInteger, probability } from './validate.js'

/** What batch and instance norm are told. */
export interface FeatureNormOptions extends Omit<FactoryOptions, 'generator'> {
  /** Added to the variance; default 1e-5. */
  eps?: number
  /** Weight of the new batch in the running statistics; default 0.1; null averages over all batches alike. */
  momentum?: number | null
  /** Whether a weight and a bias are learnt. */
  affine?: boolean
  /** Whether an affine layer learns a bias; default true. */
  bias?: boolean
  /** Whether evaluation uses running statistics instead of its input's. */
  trackRunningStats?: boolean
}

/** What batch and instance norm share: parameters and running statistics of each channel. */
export abstract class FeatureNorm extends Module {
  /** Channels of the input. */
  readonly numFeatures: number
  /** Added to the variance. */
  readonly eps: number
  /** Weight of the new batch in the running statistics; null averages over all batches alike. */
  readonly momentum: number | null
  /** Whether a weight and a bias are learnt. */
  readonly affine: boolean
  /** Whether evaluation uses running statistics instead of its input's. */
  readonly trackRunningStats: boolean
  /** [numFeatures], at first 1 */
  weight: Parameter | undefined
  /** [numFeatures], at first 0 */
  bias: Parameter | undefined
  /** [numFeatures], at first 0 */
  runningMean: Tensor | undefined
  /** [numFeatures], at first 1; the unbiased variance */
  runningVar: Tensor | undefined
  /** int32 scalar */
  numBatchesTracked: Tensor | undefined

  /** @internal Numbers of dimensions that an input may have. */
  protected abstract readonly ranks: readonly number[]

  /** @throws RangeError when numFeatures is not a positive integer, eps negative or momentum outside [0, 1] */
  constructor(numFeatures: number, options: FeatureNormOptions) {
    super()
    const name = new.target.name
    const { eps = 1e-5, momentum = 0.1, affine = false, bias = true, trackRunningStats = false, device } = options
    const dtype = options.dtype && wide(options.dtype)
    const shape = [positiveInteger(name, 'numFeatures', numFeatures)]
    this.numFeatures = numFeatures
    this.eps = nonNegative(name, 'eps', eps)
    this.momentum = momentum === null ? null : probability(name, 'momentum', momentum)
    this.affine = affine
    this.trackRunningStats = trackRunningStats
    this.weight = affine ? emptyParameter(name, shape, { device, dtype }) : undefined
    this.bias = affine && bias ? emptyParameter(name, shape, { device, dtype }) : undefined
    if (this.weight) ones_(this.weight)
    if (this.bias) zeros_(this.bias)
    if (!trackRunningStats) return
    this.runningMean = this.registerBuffer('runningMean', zeros(shape, { device, dtype }))
    this.runningVar = this.registerBuffer('runningVar', ones(shape, { device, dtype }))
    this.numBatchesTracked = this.registerBuffer('numBatchesTracked', zeros([], { device, dtype: 'int32' }))
  }

  /** @throws ShapeError when x has another rank or number of channels */
  protected checkInput(x: Tensor): void {
    if (!this.ranks.includes(x.rank) || x.shape[1] !== this.numFeatures)
      throw new ShapeError(
        `${this.constructor.name}: expected input of rank ${this.ranks.join(' or ')} with ${this.numFeatures} channels, ` +
          `got [${x.shape.join(', ')}]`,
      )
  }

  /** @internal */
  override get exact(): boolean {
    return true
  }

  override extraRepr(): string {
    const { numFeatures, eps, momentum, affine, trackRunningStats } = this
    const learnt = `affine=${python(affine)}, bias=${python(this.bias !== undefined)}`
    const numbers = `${numFeatures}, eps=${python(eps)}, momentum=${python(momentum)}`
    return `${numbers}, ${learnt}, track_running_stats=${python(trackRunningStats)}`
  }
}

/** Options of {@link BatchNorm1d}, {@link BatchNorm2d} and {@link BatchNorm3d}. */
export interface BatchNormOptions extends FeatureNormOptions {
  /** Default true. */
  affine?: boolean
  /** Default true. */
  trackRunningStats?: boolean
}

/** (x − mean) / √(variance + eps) · weight + bias, per channel. Source: Ioffe and Szegedy, ICML 2015. */
export abstract class BatchNorm extends FeatureNorm {
  /** @throws RangeError when numFeatures is not a positive integer, eps negative or momentum outside [0, 1] */
  constructor(numFeatures: number, { affine = true, trackRunningStats = true, ...options }: BatchNormOptions = {}) {
    super(numFeatures, { ...options, affine, trackRunningStats })
  }

  /**
   * x normalised channel by channel: by its own statistics in training, which go into the running ones, else by those.
   * @param relu whether max(y, 0) follows, in the same pass over memory
   * @param residual of x's shape: added before the ReLU, in the same pass too
   */
  forward(x: Tensor, relu = false, residual?: Tensor): Tensor {
    this.checkInput(x)
    const { runningMean, runningVar, weight, bias, eps } = this
    const training = this.training || !this.trackRunningStats
    const momentum = this.training ? this.countBatch() : 0
    return batchNorm(x, runningMean, runningVar, weight, bias, { training, momentum, eps, relu, residual })
  }

  /** Counts a training batch and returns its weight in the running statistics. */
  private countBatch(): number {
    const count = this.numBatchesTracked
    if (!count) return 0
    kernels.increment(1, count.handle)
    count.markModified()
    // The cumulative average needs the count on the host, so it waits for it, as PyTorch does.
    return this.momentum ?? 1 / count.itemSync()
  }
}

/** Batch normalisation of [N, C] or [N, C, L]. */
export class BatchNorm1d extends BatchNorm {
  /** @internal */
  protected readonly ranks = [2, 3]
}

/** Batch normalisation of [N, C, H, W]. */
export class BatchNorm2d extends BatchNorm {
  /** @internal */
  protected readonly ranks = [4]
}

/** Batch normalisation of [N, C, D, H, W]. */
export class BatchNorm3d extends BatchNorm {
  /** @internal */
  protected readonly ranks = [5]
}
