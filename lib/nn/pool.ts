import type { Sizes } from '../ops/check.js'
import { avgPool1d, avgPool2d, avgPool3d, maxPool1d, maxPool2d, maxPool3d } from '../ops/pool.js'
import type { AvgPoolOptions, DivisorOption, MaxPoolOptions, PoolOptions } from '../ops/pool.js'
import type { Tensor } from '../tensor.js'
import { Module } from './module.js'
import { python } from './print.js'
import { eachSide, type Pair, padding, positiveInteger, type Single, sizes, type Triple } from './validate.js'

/** A window that slides over signals, images or volumes. */
abstract class Pool<S extends Sizes> extends Module {
  /** Size of the window. */
  readonly kernelSize: S
  /** Step of the window. */
  readonly stride: S
  /** Places beyond each side of the input that windows may reach into; `'same'` gives ⌈size / stride⌉ windows. */
  readonly padding: S | 'same' | 'valid'
  /** Whether a last window may reach beyond the padding. */
  readonly ceilMode: boolean

  /** @throws RangeError when a size is not a positive integer */
  constructor(rank: number, kernelSize: S, options: PoolOptions<S>) {
    super()
    const { name } = new.target
    this.kernelSize = sizes(name, 'kernelSize', kernelSize, rank, 1)
    this.stride = sizes(name, 'stride', options.stride ?? kernelSize, rank, 1)
    this.padding = padding(name, options.padding ?? (0 as S), rank)
    this.ceilMode = options.ceilMode ?? false
  }
}

abstract class MaxPool<S extends Sizes> extends Pool<S> {
  /** Distance between the window's places. */
  readonly dilation: S

  constructor(rank: number, kernelSize: S, options: MaxPoolOptions<S>) {
    super(rank, kernelSize, options)
    this.dilation = sizes(new.target.name, 'dilation', options.dilation ?? (1 as S), rank, 1)
  }

  /** @internal */
  protected options(relu: boolean) {
    const { stride, padding, dilation, ceilMode } = this
    return { stride, padding, dilation, ceilMode, relu }
  }

  override extraRepr(): string {
    const { kernelSize, stride, padding, dilation } = this
    const window = `kernel_size=${python(kernelSize)}, stride=${python(stride)}, padding=${python(padding)}`
    return `${window}, dilation=${python(dilation)}, ceil_mode=${python(this.ceilMode)}`
  }
}

/** The largest element of each window: [N, C, L] → [N, C, Q]. Ties go to the first. */
export class MaxPool1d extends MaxPool<Single> {
  /** @throws {RangeError} when a size is not a positive integer */
  constructor(kernelSize: Single, options: MaxPoolOptions<Single> = {}) {
    super(1, kernelSize, options)
  }

  /**
   * The largest elements, [N, C, Q] of [N, C, L].
   * @param relu whether max(y, 0) follows, in the same pass over memory
   * @throws {ShapeError} for other shapes
   */
  forward(x: Tensor, relu = false): Tensor {
    return maxPool1d(x, this.kernelSize, this.options(relu))
  }
}

/** The largest element of each window: [N, C, H, W] → [N, C, P, Q]. Ties go to the first. */
export class MaxPool2d extends MaxPool<Pair> {
  /** @throws {RangeError} when a size is not a positive integer */
  constructor(kernelSize: Pair, options: MaxPoolOptions<Pair> = {}) {
    super(2, kernelSize, options)
  }

  /**
   * The largest elements, [N, C, P, Q] of [N, C, H, W].
   * @param relu whether max(y, 0) follows, in the same pass over memory
   * @throws {ShapeError} for other shapes
   */
  forward(x: Tensor, relu = false): Tensor {
    return maxPool2d(x, this.kernelSize, this.options(relu))
  }
}

/** The largest element of each window: [N, C, D, H, W] → [N, C, O, P, Q]. Ties go to the first. */
export class MaxPool3d extends MaxPool<Triple> {
  /** @throws {RangeError} when a size is not a positive integer */
  constructor(kernelSize: Triple, options: MaxPoolOptions<Triple> = {}) {
    super(3, kernelSize, options)
  }

  /**
   * The largest elements, [N, C, O, P, Q] of [N, C, D, H, W].
   * @param relu whether max(y, 0) follows, in the same pass over memory
   * @throws {ShapeError} for other shapes
   */
  forward(x: Tensor, relu = false): Tensor {
    return maxPool3d(x, this.kernelSize, this.options(relu))
  }
}

abstract class AvgPool<S extends Sizes> extends Pool<S> {
  /** Whether the zeros around count in the mean. */
  readonly countIncludePad: boolean
  /** What sums are divided by, in place of the number of elements. */
  readonly divisorOverride: number | undefined

  constructor(rank: number, kernelSize: S, options: AvgPoolOptions<S> & DivisorOption) {
    super(rank, kernelSize, options)
    const { countIncludePad = true, divisorOverride: divisor } = options
    this.countIncludePad = countIncludePad
    this.divisorOverride =
      divisor === undefined ? undefined : positiveInteger(new.target.name, 'divisorOverride', divisor)
  }

  override extraRepr(): string {
    const { kernelSize, stride, padding } = this
    return `kernel_size=${python(kernelSize)}, stride=${python(stride)}, padding=${python(padding)}`
  }
}

/** The mean of each window: [N, C, L] → [N, C, Q]. */
export class AvgPool1d extends AvgPool<Single> {
  /** @throws {RangeError} when a size is not a positive integer */
  constructor(kernelSize: Single, options: AvgPoolOptions<Single> = {}) {
    super(1, kernelSize, options)
  }

  forward(x: Tensor): Tensor {
    return avgPool1d(x, this.kernelSize, this)
  }

  // PyTorch keeps tuples here.
  /** What `print` shows between the parentheses. */
  override extraRepr(): string {
    const each = (value: Single | string) => python(typeof value === 'string' ? value : eachSide(value, 1))
    return `kernel_size=${each(this.kernelSize)}, stride=${each(this.stride)}, padding=${each(this.padding)}`
  }
}

/** The mean of each window: [N, C, H, W] → [N, C, P, Q]. */
export class AvgPool2d extends AvgPool<Pair> {
  /** @throws {RangeError} when a size, or the divisor, is not a positive integer */
  constructor(kernelSize: Pair, options: AvgPoolOptions<Pair> & DivisorOption = {}) {
    super(2, kernelSize, options)
  }

  forward(x: Tensor): Tensor {
    return avgPool2d(x, this.kernelSize, this)
  }
}

/** The mean of each window: [N, C, D, H, W] → [N, C, O, P, Q]. */
export class AvgPool3d extends AvgPool<Triple> {
  /** @throws {RangeError} when a size, or the divisor, is not a positive integer */
  constructor(kernelSize: Triple, options: AvgPoolOptions<Triple> & DivisorOption = {}) {
    super(3, kernelSize, options)
  }

  forward(x: Tensor): Tensor {
    return avgPool3d(x, this.kernelSize, this)
  }
}
