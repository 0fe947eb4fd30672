import type { Sizes } from '../ops/check.js'
import { convTranspose1d, convTranspose2d, convTranspose3d } from '../ops/transposed.js'
import type { Tensor } from '../tensor.js'
import { Convolution, type ConvolutionOptions } from './convolution.js'
import { type Each, eachSide, type Pair, type Single, sizes, type Triple } from './validate.js'

/** What transposed convolutions of a rank are told. */
export interface ConvTransposeOptions<S extends Sizes> extends ConvolutionOptions<S> {
  /** Cells that are cut off on every side; default 0. */
  padding?: S
  /** Cells more at the far end of every side, fewer than the stride or the dilation; default 0. */
  outputPadding?: S
}
/** Options of {@link ConvTranspose1d}. */
export type ConvTranspose1dOptions = ConvTransposeOptions<Single>
/** Options of {@link ConvTranspose2d}. */
export type ConvTranspose2dOptions = ConvTransposeOptions<Pair>
/** Options of {@link ConvTranspose3d}. */
export type ConvTranspose3dOptions = ConvTransposeOptions<Triple>

abstract class ConvTranspose<S extends Sizes> extends Convolution<S> {
  /** What the output's sides are shorter by, on each side. */
  readonly padding: Each<S>
  /** What the output's sides are longer by, at their end. */
  override readonly outputPadding: Each<S>

  constructor(rank: number, inChannels: number, outChannels: number, kernelSize: S, options: ConvTransposeOptions<S>) {
    super(rank, true, inChannels, outChannels, kernelSize, options)
    const each = (name: string, value: S) => eachSide(sizes(new.target.name, name, value, rank, 0), rank)
    this.padding = each('padding', options.padding ?? (0 as S))
    this.outputPadding = each('outputPadding', options.outputPadding ?? (0 as S))
  }
}

/** The adjoint of a 1-D convolution, with learnt filters: [N, inChannels, L] → [N, outChannels, Q]. */
export class ConvTranspose1d extends ConvTranspose<Single> {
  /** @throws RangeError when a size is not a positive integer or the groups do not divide the channels */
  constructor(inChannels: number, outChannels: number, kernelSize: Single, options: ConvTranspose1dOptions = {}) {
    super(1, inChannels, outChannels, kernelSize, options)
  }

  /**
   * @param x [N, inChannels, L]
   * @returns [N, outChannels, Q]
   * @throws {ShapeError} for other shapes
   */
  forward(x: Tensor): Tensor {
    return convTranspose1d(x, this.weight, this.bias, this)
  }
}

/** The adjoint of a 2-D convolution, with learnt filters: [N, inChannels, H, W] → [N, outChannels, P, Q]. */
export class ConvTranspose2d extends ConvTranspose<Pair> {
  /** @throws RangeError when a size is not a positive integer or the groups do not divide the channels */
  constructor(inChannels: number, outChannels: number, kernelSize: Pair, options: ConvTranspose2dOptions = {}) {
    super(2, inChannels, outChannels, kernelSize, options)
  }

  /**
   * @param x [N, inChannels, H, W]
   * @returns [N, outChannels, P, Q]
   * @throws {ShapeError} for other shapes
   */
  forward(x: Tensor): Tensor {
    return convTranspose2d(x, this.weight, this.bias, this)
  }
}

/** The adjoint of a 3-D convolution, with learnt filters: [N, inChannels, D, H, W] → [N, outChannels, O, P, Q]. */
export class ConvTranspose3d extends ConvTranspose<Triple> {
  /** @throws RangeError when a size is not a positive integer or the groups do not divide the channels */
  constructor(inChannels: number, outChannels: number, kernelSize: Triple, options: ConvTranspose3dOptions = {}) {
    super(3, inChannels, outChannels, kernelSize, options)
  }

  /**
   * @param x [N, inChannels, D, H, W]
   * @returns [N, outChannels, O, P, Q]
   * @throws {ShapeError} for other shapes
   */
  forward(x: Tensor): Tensor {
    return convTranspose3d(x, this.weight, this.bias, this)
  }
}
