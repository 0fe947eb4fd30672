import type { Sizes } from '../ops/check.js'
import { maxUnpool1d, maxUnpool2d, maxUnpool3d } from '../ops/unpool.js'
import type { Tensor } from '../tensor.js'
import { Module } from './module.js'
import { python } from './print.js'
import { type Each, eachSide, type Pair, type Single, sizes, type Triple } from './validate.js'

/** Options of {@link MaxUnpool1d}, {@link MaxUnpool2d} and {@link MaxUnpool3d}. */
export interface MaxUnpoolOptions<S extends Sizes> {
  /** Step of the window that pooled; default the kernel size. */
  stride?: S
  /** Padding of the pooling; default 0. */
  padding?: S
}

abstract class MaxUnpool<S extends Sizes> extends Module {
  /** Size of the window that was pooled with. */
  readonly kernelSize: Each<S>
  /** Its step. */
  readonly stride: Each<S>
  /** The padding that was pooled with. */
  readonly padding: Each<S>

  /** @throws RangeError when a size is not a positive integer */
  constructor(rank: number, kernelSize: S, options: MaxUnpoolOptions<S>) {
    super()
    const { name } = new.target
    this.kernelSize = eachSide(sizes(name, 'kernelSize', kernelSize, rank, 1), rank)
    this.stride = eachSide(sizes(name, 'stride', options.stride ?? kernelSize, rank, 1), rank)
    this.padding = eachSide(sizes(name, 'padding', options.padding ?? (0 as S), rank, 0), rank)
  }

  override extraRepr(): string {
    const each = [this.kernelSize, this.stride, this.padding] as (readonly number[])[]
    return ['kernel_size', 'stride', 'padding'].map((name, i) => `${name}=${python(each[i])}`).join(', ')
  }
}

/** Puts what max pooling found back to where it was, among zeros: [N, C, Q] → [N, C, L]. */
export class MaxUnpool1d extends MaxUnpool<Single> {
  /** @throws {RangeError} when a size is not a positive integer */
  constructor(kernelSize: Single, options: MaxUnpoolOptions<Single> = {}) {
    super(1, kernelSize, options)
  }

  forward(x: Tensor, indices: Tensor, outputSize?: readonly number[]): Tensor {
    return maxUnpool1d(x, indices, this.kernelSize, { stride: this.stride, padding: this.padding, outputSize })
  }
}

/** Puts what max pooling found back to where it was, among zeros: [N, C, P, Q] → [N, C, H, W]. */
export class MaxUnpool2d extends MaxUnpool<Pair> {
  /** @throws {RangeError} when a size is not a positive integer */
  constructor(kernelSize: Pair, options: MaxUnpoolOptions<Pair> = {}) {
    super(2, kernelSize, options)
  }

  forward(x: Tensor, indices: Tensor, outputSize?: readonly number[]): Tensor {
    return maxUnpool2d(x, indices, this.kernelSize, { stride: this.stride, padding: this.padding, outputSize })
  }
}

/** Puts what max pooling found back to where it was, among zeros: [N, C, O, P, Q] → [N, C, D, H, W]. */
export class MaxUnpool3d extends MaxUnpool<Triple> {
  /** @throws {RangeError} when a size is not a positive integer */
  constructor(kernelSize: Triple, options: MaxUnpoolOptions<Triple> = {}) {
    super(3, kernelSize, options)
  }

  forward(x: Tensor, indices: Tensor, outputSize?: readonly number[]): Tensor {
    return maxUnpool3d(x, indices, this.kernelSize, { stride: this.stride, padding: this.padding, outputSize })
  }
}
