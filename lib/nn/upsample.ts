import { interpolate, type InterpolateMode, type InterpolateOptions } from '../ops/interpolate.js'
import type { Tensor } from '../tensor.js'
import { Module } from './module.js'
import { python, pythonFloat } from './print.js'

/** Images of another size: [N, C, …] with spatial dimensions of `size`, or times `scaleFactor`. */
export class Upsample extends Module {
  /** Sides of the result. */
  readonly size: InterpolateOptions['size']
  /** What sides are multiplied with, in place of `size`. */
  readonly scaleFactor: InterpolateOptions['scaleFactor']
  /** How values between places are found. */
  readonly mode: InterpolateMode
  /** Whether corners stay corners; of the linear modes. */
  readonly alignCorners: boolean | undefined

  /** Sizes that are none are an error of the first call. */
  constructor(options: InterpolateOptions) {
    super()
    this.size = options.size
    this.scaleFactor = options.scaleFactor
    this.mode = options.mode ?? 'nearest'
    this.alignCorners = options.alignCorners
  }

  forward(x: Tensor): Tensor {
    return interpolate(x, this)
  }

  override extraRepr(): string {
    const what =
      this.scaleFactor == null ? `size=${python(this.size)}` : `scale_factor=${pythonFloat(this.scaleFactor)}`
    return `${what}, mode='${this.mode}'`
  }
}
