import { instanceNorm } from '../ops/groupNorm.js'
import type { Tensor } from '../tensor.js'
import { FeatureNorm, type FeatureNormOptions } from './norm.js'

/** Options of {@link InstanceNorm1d}, {@link InstanceNorm2d} and {@link InstanceNorm3d}. */
export interface InstanceNormOptions extends FeatureNormOptions {
  /** Default false. */
  affine?: boolean
  /** Default false. */
  trackRunningStats?: boolean
}

/**
 * (x − mean) / √(variance + eps) · weight + bias, by sample and channel. Source: Ulyanov, Vedaldi and Lempitsky, 2016.
 * A momentum of null leaves the running statistics alone, and batches are not counted, both as in PyTorch.
 */
abstract class InstanceNorm extends FeatureNorm {
  /** @throws RangeError when numFeatures is not a positive integer, eps negative or momentum outside [0, 1] */
  constructor(numFeatures: number, options: InstanceNormOptions = {}) {
    super(numFeatures, options)
  }

  /** @throws {ShapeError} when x has another number of dimensions or channels */
  forward(x: Tensor): Tensor {
    this.checkInput(x)
    const { runningMean, runningVar, weight, bias, eps } = this
    const useInputStats = this.training || !this.trackRunningStats
    return instanceNorm(x, runningMean, runningVar, weight, bias, { useInputStats, momentum: this.momentum ?? 0, eps })
  }
}

/** Instance normalisation of [N, C, L]. */
export class InstanceNorm1d extends InstanceNorm {
  /** @internal */
  protected readonly ranks = [3]
}

/** Instance normalisation of [N, C, H, W]. */
export class InstanceNorm2d extends InstanceNorm {
  /** @internal */
  protected readonly ranks = [4]
}

/** Instance normalisation of [N, C, D, H, W]. */
export class InstanceNorm3d extends InstanceNorm {
  /** @internal */
  protected readonly ranks = [5]
}
