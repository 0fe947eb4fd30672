import { avgPool2d, maxPool2d } from '../ops/pool.js'
import type { Tensor } from '../tensor.js'
import { Module } from './module.js'
import { python } from './print.js'
import { type Pair, padding, sizes } from './validate.js'

export interface MaxPool2dOptions {
  /** Step of the window; default the kernel size. */
  stride?: Pair
  /** Cells of −∞ on each side (default 0), or 'same': ⌈size / stride⌉ outputs. */
  padding?: Pair | 'same' | 'valid'
  /** Distance between the window's taps; default 1. */
  dilation?: Pair
  /** Rounds the output size up instead of down; default false. */
  ceilMode?: boolean
}

/** The largest element of each window: [N, C, H, W] → [N, C, P, Q]. Ties go to the first. */
export class MaxPool2d extends Module {
  readonly kernelSize: Pair
  readonly stride: Pair
  readonly padding: Pair | 'same' | 'valid'
  readonly dilation: Pair
  readonly ceilMode: boolean

  /** @throws RangeError when a size is not a positive integer */
  constructor(kernelSize: Pair, options: MaxPool2dOptions = {}) {
    super()
    this.kernelSize = sizes('MaxPool2d', 'kernelSize', kernelSize, 2, 1)
    this.stride = sizes('MaxPool2d', 'stride', options.stride ?? kernelSize, 2, 1)
    this.padding = padding('MaxPool2d', options.padding ?? 0, 2)
    this.dilation = sizes('MaxPool2d', 'dilation', options.dilation ?? 1, 2, 1)
    this.ceilMode = options.ceilMode ?? false
  }

  forward(x: Tensor): Tensor {
    return maxPool2d(x, this.kernelSize, this)
  }

  override extraRepr(): string {
    const { kernelSize, stride, padding, dilation } = this
    const window = `kernel_size=${python(kernelSize)}, stride=${python(stride)}, padding=${python(padding)}`
    return `${window}, dilation=${python(dilation)}, ceil_mode=${python(this.ceilMode)}`
  }
}

export interface AvgPool2dOptions {
  /** Step of the window; default the kernel size. */
  stride?: Pair
  /** Zeros on each side (default 0), or 'same': ⌈size / stride⌉ outputs. */
  padding?: Pair | 'same' | 'valid'
  /** Rounds the output size up instead of down; default false. */
  ceilMode?: boolean
  /** Whether padded cells count in the divisor; default true. */
  countIncludePad?: boolean
}

/** The mean of each window: [N, C, H, W] → [N, C, P, Q]. */
export class AvgPool2d extends Module {
  readonly kernelSize: Pair
  readonly stride: Pair
  readonly padding: Pair | 'same' | 'valid'
  readonly ceilMode: boolean
  readonly countIncludePad: boolean

  /** @throws RangeError when a size is not a positive integer */
  constructor(kernelSize: Pair, options: AvgPool2dOptions = {}) {
    super()
    this.kernelSize = sizes('AvgPool2d', 'kernelSize', kernelSize, 2, 1)
    this.stride = sizes('AvgPool2d', 'stride', options.stride ?? kernelSize, 2, 1)
    this.padding = padding('AvgPool2d', options.padding ?? 0, 2)
    this.ceilMode = options.ceilMode ?? false
    this.countIncludePad = options.countIncludePad ?? true
  }

  forward(x: Tensor): Tensor {
    return avgPool2d(x, this.kernelSize, this)
  }

  override extraRepr(): string {
    const { kernelSize, stride, padding } = this
    return `kernel_size=${python(kernelSize)}, stride=${python(stride)}, padding=${python(padding)}`
  }
}
