import {
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveAvgPool3d,
  adaptiveMaxPool1d,
  adaptiveMaxPool2d,
  adaptiveMaxPool3d,
  type OutputPair,
  type OutputSingle,
  type OutputTriple,
} from '../ops/adaptivePool.js'
import type { Tensor } from '../tensor.js'
import { Module } from './module.js'
import { python } from './print.js'
import { outputSizes } from './validate.js'

/** Pooling to an output size; `null` or `undefined` keeps the input's. */
abstract class AdaptivePool<S extends OutputSingle | OutputPair | OutputTriple> extends Module {
  /** Of each side, null for the input's. */
  readonly outputSize: S

  /** @throws RangeError when a size is not a positive integer */
  constructor(rank: number, outputSize: S) {
    super()
    this.outputSize = outputSizes(new.target.name, outputSize, rank)
  }

  override extraRepr(): string {
    return `output_size=${python(this.outputSize)}`
  }
}

/** Means of windows that share out the signal: [N, C, L] → [N, C, outputSize]. */
export class AdaptiveAvgPool1d extends AdaptivePool<OutputSingle> {
  /** @throws {RangeError} when the size is not a positive integer */
  constructor(outputSize: OutputSingle) {
    super(1, outputSize)
  }

  forward(x: Tensor): Tensor {
    return adaptiveAvgPool1d(x, this.outputSize)
  }
}

/** Means of windows that share out the image: [N, C, H, W] → [N, C, P, Q]. An output size of 1 is the global mean. */
export class AdaptiveAvgPool2d extends AdaptivePool<OutputPair> {
  /** @throws {RangeError} when a size is not a positive integer */
  constructor(outputSize: OutputPair) {
    super(2, outputSize)
  }

  forward(x: Tensor): Tensor {
    return adaptiveAvgPool2d(x, this.outputSize)
  }
}

/** Means of windows that share out the volume: [N, C, D, H, W] → [N, C, O, P, Q]. */
export class AdaptiveAvgPool3d extends AdaptivePool<OutputTriple> {
  /** @throws {RangeError} when a size is not a positive integer */
  constructor(outputSize: OutputTriple) {
    super(3, outputSize)
  }

  forward(x: Tensor): Tensor {
    return adaptiveAvgPool3d(x, this.outputSize)
  }
}

/** The largest elements of windows that share out the signal: [N, C, L] → [N, C, outputSize]. */
export class AdaptiveMaxPool1d extends AdaptivePool<OutputSingle> {
  /** @throws {RangeError} when the size is not a positive integer */
  constructor(outputSize: OutputSingle) {
    super(1, outputSize)
  }

  forward(x: Tensor): Tensor {
    return adaptiveMaxPool1d(x, this.outputSize)
  }
}

/** The largest elements of windows that share out the image: [N, C, H, W] → [N, C, P, Q]. */
export class AdaptiveMaxPool2d extends AdaptivePool<OutputPair> {
  /** @throws {RangeError} when a size is not a positive integer */
  constructor(outputSize: OutputPair) {
    super(2, outputSize)
  }

  forward(x: Tensor): Tensor {
    return adaptiveMaxPool2d(x, this.outputSize)
  }
}

/** The largest elements of windows that share out the volume: [N, C, D, H, W] → [N, C, O, P, Q]. */
export class AdaptiveMaxPool3d extends AdaptivePool<OutputTriple> {
  /** @throws {RangeError} when a size is not a positive integer */
  constructor(outputSize: OutputTriple) {
    super(3, outputSize)
  }

  forward(x: Tensor): Tensor {
    return adaptiveMaxPool3d(x, this.outputSize)
  }
}
