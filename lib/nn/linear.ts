import { linear } from '../ops/matmul.js'
import type { Tensor } from '../tensor.js'
import { emptyParameter, type FactoryOptions, resetFan } from './factory.js'
import { Module } from './module.js'
import type { Parameter } from './parameter.js'
import { python } from './print.js'
import { positiveInteger } from './validate.js'

export interface LinearOptions extends FactoryOptions {
  /** Whether a bias is added; default true. */
  bias?: boolean
}

/** y = x · weightᵀ + bias: [..., inFeatures] → [..., outFeatures]. */
export class Linear extends Module {
  /** Elements of a sample. */
  readonly inFeatures: number
  /** Elements of its result. */
  readonly outFeatures: number
  /** [outFeatures, inFeatures] */
  weight: Parameter
  /** [outFeatures] */
  bias: Parameter | undefined

  /** @throws RangeError when a feature count is not a positive integer */
  constructor(inFeatures: number, outFeatures: number, options: LinearOptions = {}) {
    super()
    this.inFeatures = positiveInteger('Linear', 'inFeatures', inFeatures)
    this.outFeatures = positiveInteger('Linear', 'outFeatures', outFeatures)
    this.weight = emptyParameter('Linear', [outFeatures, inFeatures], options)
    this.bias = options.bias === false ? undefined : emptyParameter('Linear', [outFeatures], options)
    resetFan(this.weight, this.bias, options.generator)
  }

  /**
   * @param x [N, inFeatures]
   * @returns [N, outFeatures]
   * @throws {ShapeError} for other shapes
   */
  forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias)
  }

  override extraRepr(): string {
    return `in_features=${this.inFeatures}, out_features=${this.outFeatures}, bias=${python(this.bias !== undefined)}`
  }
}
