import type { Sizes } from '../ops/check.js'
import { conv1d, conv2d, conv3d } from '../ops/conv.js'
import type { Tensor } from '../tensor.js'
import { Convolution, type ConvolutionOptions } from './convolution.js'
import { type Each, eachSide, type Pair, padding, type Single, type Triple } from './validate.js'

/** What convolutions of a rank are told. */
export interface ConvOptions<S extends Sizes> extends ConvolutionOptions<S> {
  /** Zeros on each side (default 0), or 'same': ⌈size / stride⌉ outputs, the odd zero at the far end. */
  padding?: S | 'same' | 'valid'
}
/** Options of {@link Conv1d}. */
export type Conv1dOptions = ConvOptions<Single>
/** Options of {@link Conv2d}. */
export type Conv2dOptions = ConvOptions<Pair>
/** Options of {@link Conv3d}. */
export type Conv3dOptions = ConvOptions<Triple>

abstract class Conv<S extends Sizes> extends Convolution<S> {
  /** Zeros on each side of the input; `'same'` keeps its size. */
  readonly padding: Each<S> | 'same' | 'valid'

  constructor(rank: number, inChannels: number, outChannels: number, kernelSize: S, options: ConvOptions<S>) {
    super(rank, false, inChannels, outChannels, kernelSize, options)
    const pad = padding<S | 'same' | 'valid'>(new.target.name, options.padding ?? (0 as S), rank)
    this.padding = pad === 'same' || pad === 'valid' ? pad : eachSide(pad, rank)
  }
}

/** Cross-correlation with learnt filters: [N, inChannels, L] → [N, outChannels, Q]. */
export class Conv1d extends Conv<Single> {
  /** @throws RangeError when a size is not a positive integer or the groups do not divide the channels */
  constructor(inChannels: number, outChannels: number, kernelSize: Single, options: Conv1dOptions = {}) {
    super(1, inChannels, outChannels, kernelSize, options)
  }

  /**
   * @param x [N, inChannels, L]
   * @returns [N, outChannels, Q]
   * @throws {ShapeError} for other shapes
   */
  forward(x: Tensor): Tensor {
    return conv1d(x, this.weight, this.bias, this)
  }
}

/** Cross-correlation with learnt filters: [N, inChannels, H, W] → [N, outChannels, P, Q]. */
export class Conv2d extends Conv<Pair> {
  /** @throws RangeError when a size is not a positive integer or the groups do not divide the channels */
  constructor(inChannels: number, outChannels: number, kernelSize: Pair, options: Conv2dOptions = {}) {
    super(2, inChannels, outChannels, kernelSize, options)
  }

  /**
   * @param x [N, inChannels, H, W]
   * @returns [N, outChannels, P, Q]
   * @throws {ShapeError} for other shapes
   */
  forward(x: Tensor): Tensor {
    return conv2d(x, this.weight, this.bias, this)
  }
}

/** Cross-correlation with learnt filters: [N, inChannels, D, H, W] → [N, outChannels, O, P, Q]. */
export class Conv3d extends Conv<Triple> {
  /** @throws RangeError when a size is not a positive integer or the groups do not divide the channels */
  constructor(inChannels: number, outChannels: number, kernelSize: Triple, options: Conv3dOptions = {}) {
    super(3, inChannels, outChannels, kernelSize, options)
  }

  /**
   * @param x [N, inChannels, D, H, W]
   * @returns [N, outChannels, O, P, Q]
   * @throws {ShapeError} for other shapes
   */
  forward(x: Tensor): Tensor {
    return conv3d(x, this.weight, this.bias, this)
  }
}
