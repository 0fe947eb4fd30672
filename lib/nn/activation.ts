import {
  elu,
  gelu,
  type GeluOptions,
  hardsigmoid,
  hardswish,
  hardtanh,
  leakyRelu,
  maxout,
  prelu,
  relu,
  relu6,
  selu,
  sigmoid,
  silu,
  softplus,
  type SoftplusOptions,
  tanh,
} from '../ops/activation.js'
import type { Tensor } from '../tensor.js'
import { emptyParameter, type FactoryOptions } from './factory.js'
import { constant_ } from './init.js'
import { Module } from './module.js'
import type { Parameter } from './parameter.js'
import { pythonFloat } from './print.js'
import { positiveInteger } from './validate.js'

/** max(x, 0). */
export class ReLU extends Module {
  forward(x: Tensor): Tensor {
    return relu(x)
  }
}

/** 1 / (1 + exp(−x)). */
export class Sigmoid extends Module {
  forward(x: Tensor): Tensor {
    return sigmoid(x)
  }
}

/** Hyperbolic tangent. */
export class Tanh extends Module {
  forward(x: Tensor): Tensor {
    return tanh(x)
  }
}

/** min(max(x, 0), 6). */
export class ReLU6 extends Module {
  forward(x: Tensor): Tensor {
    return relu6(x)
  }
}

/** min(max(x, minVal), maxVal). */
export class Hardtanh extends Module {
  /** @param minVal default −1 @param maxVal default 1 */
  constructor(
    readonly minVal = -1,
    readonly maxVal = 1,
  ) {
    super()
  }

  forward(x: Tensor): Tensor {
    return hardtanh(x, this.minVal, this.maxVal)
  }

  override extraRepr(): string {
    return `min_val=${pythonFloat(this.minVal)}, max_val=${pythonFloat(this.maxVal)}`
  }
}

/** See {@link hardsigmoid}. */
export class Hardsigmoid extends Module {
  forward(x: Tensor): Tensor {
    return hardsigmoid(x)
  }
}

/** See {@link hardswish}. */
export class Hardswish extends Module {
  forward(x: Tensor): Tensor {
    return hardswish(x)
  }
}

/** x above 0, else negativeSlope · x. */
export class LeakyReLU extends Module {
  /** @param negativeSlope default 0.01 */
  constructor(readonly negativeSlope = 0.01) {
    super()
  }

  forward(x: Tensor): Tensor {
    return leakyRelu(x, this.negativeSlope)
  }

  override extraRepr(): string {
    return `negative_slope=${pythonFloat(this.negativeSlope)}`
  }
}

/** x above 0, else alpha · (eˣ − 1). */
export class ELU extends Module {
  /** @param alpha default 1 */
  constructor(readonly alpha = 1) {
    super()
  }

  forward(x: Tensor): Tensor {
    return elu(x, this.alpha)
  }

  override extraRepr(): string {
    return `alpha=${pythonFloat(this.alpha)}`
  }
}

/** See {@link selu}. */
export class SELU extends Module {
  forward(x: Tensor): Tensor {
    return selu(x)
  }
}

/** See {@link gelu}. */
export class GELU extends Module {
  /** How Φ is computed. */
  readonly approximate: 'none' | 'tanh'

  /** An `approximate` that is none is an error of the first call. */
  constructor(options: GeluOptions = {}) {
    super()
    this.approximate = options.approximate ?? 'none'
  }

  forward(x: Tensor): Tensor {
    return gelu(x, this)
  }

  override extraRepr(): string {
    return `approximate='${this.approximate}'`
  }
}

/** x · sigmoid(x). */
export class SiLU extends Module {
  forward(x: Tensor): Tensor {
    return silu(x)
  }
}

/** log(1 + e^(beta · x)) / beta, and x where beta · x is above the threshold. */
export class Softplus extends Module {
  /** Steepness of the bend at 0. */
  readonly beta: number
  /** Where β·x is above it, x itself is given. */
  readonly threshold: number

  /** Defaults: beta 1, threshold 20. */
  constructor(options: SoftplusOptions = {}) {
    super()
    this.beta = options.beta ?? 1
    this.threshold = options.threshold ?? 20
  }

  forward(x: Tensor): Tensor {
    return softplus(x, this)
  }

  override extraRepr(): string {
    return `beta=${pythonFloat(this.beta)}, threshold=${pythonFloat(this.threshold)}`
  }
}

export interface PReLUOptions extends FactoryOptions {
  /** Weights: 1 (default), or one for each channel. */
  numParameters?: number
  /** The weights' first value; default 0.25. */
  init?: number
}

/** x above 0, else weight · x. */
export class PReLU extends Module {
  /** 1, or as many as there are channels. */
  readonly numParameters: number
  /** [numParameters] */
  weight: Parameter

  /** @throws {RangeError} when numParameters is not a positive integer */
  constructor(options: PReLUOptions = {}) {
    super()
    this.numParameters = positiveInteger('PReLU', 'numParameters', options.numParameters ?? 1)
    this.weight = emptyParameter('PReLU', [this.numParameters], options)
    constant_(this.weight, options.init ?? 0.25)
  }

  forward(x: Tensor): Tensor {
    return prelu(x, this.weight)
  }

  override extraRepr(): string {
    return `num_parameters=${this.numParameters}`
  }
}

/** The largest of `pieces` neighbouring channels. */
export class Maxout extends Module {
  /** @param dim default 1, the channels */
  constructor(
    /** Channels of which the largest is taken. */
    readonly pieces: number,
    readonly dim = 1,
  ) {
    super()
    positiveInteger('Maxout', 'pieces', pieces)
  }

  forward(x: Tensor): Tensor {
    return maxout(x, this.pieces, this.dim)
  }

  override extraRepr(): string {
    return `pieces=${this.pieces}, dim=${this.dim}`
  }
}
