import { interpolate, type InterpolateMode, type InterpolateOptions } from '../ops/interpolate.js'
import type { Tensor } from '../tensor.js'
import { Module } from './module.js'
import { python, pythonFloat } from './print.js'

/** Images of another size: [N, C, …] with spatial dimensions of `size`, or times `scaleFactor`. */
export class Upsample extends Module {
  readonly size: InterpolateOptions['size']
  readonly scaleFactor: InterpolateOptions['scaleFactor']
  readonly mode: InterpolateMode
  readonly alignCorners: boolean | undefined

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
