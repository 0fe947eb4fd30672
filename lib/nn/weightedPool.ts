import { tensor } from '../create.js'
import { ShapeError } from '../errors.js'
import { weightedAvgPool2d, type WeightedAvgPool2dOptions } from '../ops/weightedPool.js'
import { showShape } from '../shape.js'
import { Tensor } from '../tensor.js'
import { Module } from './module.js'
import { python } from './print.js'
import { type Pair, padding, sizes } from './validate.js'

/** The weighted mean of each window, over its cells inside the image: [N, C, H, W] → [N, C, P, Q]. */
export class WeightedAvgPool2d extends Module {
  /** [R, S], which training leaves alone */
  weight: Tensor
  /** Step of the window. */
  readonly stride: Pair
  /** Zeros on each side of the input. */
  readonly padding: Pair | 'same' | 'valid'
  /** Distance between the window's places. */
  readonly dilation: Pair

  /**
   * @param weight [R, S], the same for every channel
   * @throws {ShapeError} for weights of another rank; RangeError when a size is not a positive integer
   */
  constructor(weight: Tensor | readonly (readonly number[])[], options: WeightedAvgPool2dOptions = {}) {
    super()
    const weights = weight instanceof Tensor ? weight : tensor(weight)
    if (weights.rank !== 2)
      throw new ShapeError(`WeightedAvgPool2d: expected weights of shape [R, S], got ${showShape(weights.shape)}`)
    this.weight = this.registerBuffer('weight', weights)
    const kernelSize = weights.shape as readonly [number, number]
    this.stride = sizes('WeightedAvgPool2d', 'stride', options.stride ?? kernelSize, 2, 1)
    this.padding = padding('WeightedAvgPool2d', options.padding ?? 0, 2)
    this.dilation = sizes('WeightedAvgPool2d', 'dilation', options.dilation ?? 1, 2, 1)
  }

  forward(x: Tensor): Tensor {
    return weightedAvgPool2d(x, this.weight, this)
  }

  override extraRepr(): string {
    return `kernel_size=${python(this.weight.shape)}, stride=${python(this.stride)}, padding=${python(this.padding)}`
  }
}
