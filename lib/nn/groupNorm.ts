import { wide } from '../dtype.js'
import { describe } from '../errors.js'
import { groupNorm, layerNorm } from '../ops/groupNorm.js'
import type { Tensor } from '../tensor.js'
import { emptyParameter, type FactoryOptions } from './factory.js'
import { ones_, zeros_ } from './init.js'
import { Module } from './module.js'
import type { Parameter } from './parameter.js'
import { python } from './print.js'
import { nonNegative, positiveInteger } from './validate.js'

/** What group and layer norm are told. */
export interface NormOptions extends Omit<FactoryOptions, 'generator'> {
  /** Added to the variance; default 1e-5. */
  eps?: number
  /** Whether an affine layer learns a bias; default true. */
  bias?: boolean
}

/** Options of {@link GroupNorm}. */
export interface AffineOptions extends NormOptions {
  /** Whether a weight and a bias are learnt; default true. */
  affine?: boolean
}

/** What normalisations share: eps, and a weight and a bias that stay exact in half precision. */
abstract class Normalisation extends Module {
  /** Added to the variance. */
  readonly eps: number
  /** At first 1 */
  weight: Parameter | undefined
  /** At first 0 */
  bias: Parameter | undefined

  constructor(owner: string, shape: number[], { eps = 1e-5, bias = true, affine = true, ...options }: AffineOptions) {
    super()
    const { device } = options
    const dtype = options.dtype && wide(options.dtype)
    this.eps = nonNegative(owner, 'eps', eps)
    this.weight = affine ? emptyParameter(owner, shape, { device, dtype }) : undefined
    this.bias = affine && bias ? emptyParameter(owner, shape, { device, dtype }) : undefined
    if (this.weight) ones_(this.weight)
    if (this.bias) zeros_(this.bias)
  }

  /** @internal */
  override get exact(): boolean {
    return true
  }
}

/**
 * (x − mean) / √(variance + eps) · weight + bias over the last dimensions. Source: Ba, Kiros and Hinton, "Layer
 * normalization", 2016.
 */
export class LayerNorm extends Normalisation {
  /** The last dimensions, which are normalised together. */
  readonly normalizedShape: readonly number[]
  /** Whether a weight and a bias are learnt for each element. */
  readonly elementwiseAffine: boolean

  /**
   * @param normalizedShape the last dimensions of the input
   * @param options `elementwiseAffine`: whether a weight and a bias of normalizedShape are learnt; default true
   * @throws RangeError when a size is not a positive integer, or eps negative
   */
  constructor(
    normalizedShape: number | readonly number[],
    options: NormOptions & { elementwiseAffine?: boolean } = {},
  ) {
    const { elementwiseAffine = true, ...rest } = options
    const shape = typeof normalizedShape === 'number' ? [normalizedShape] : normalizedShape
    if (!Array.isArray(shape) || !shape.length)
      throw new RangeError(
        `LayerNorm: expected normalizedShape to be a size or sizes, got ${describe(normalizedShape)}`,
      )
    for (const size of shape) positiveInteger('LayerNorm', 'normalizedShape', size as number)
    super('LayerNorm', [...(shape as number[])], { ...rest, affine: elementwiseAffine })
    this.normalizedShape = [...(shape as number[])]
    this.elementwiseAffine = elementwiseAffine
  }

  forward(x: Tensor): Tensor {
    return layerNorm(x, this.normalizedShape, this.weight, this.bias, this)
  }

  override extraRepr(): string {
    const { normalizedShape, eps, elementwiseAffine, bias } = this
    return `${python(normalizedShape)}, eps=${python(eps)}, elementwise_affine=${python(elementwiseAffine)}, bias=${python(bias !== undefined)}`
  }
}

/**
 * (x − mean) / √(variance + eps) · weight + bias, by sample and group of neighbouring channels. Source: Wu and He, ECCV
 * 2018.
 */
export class GroupNorm extends Normalisation {
  /** Into how many groups the channels are split. */
  readonly numGroups: number
  /** Channels of the input. */
  readonly numChannels: number
  /** Whether a weight and a bias are learnt for each channel. */
  readonly affine: boolean

  /** @throws RangeError when numGroups does not divide numChannels, or eps is negative */
  constructor(numGroups: number, numChannels: number, options: AffineOptions = {}) {
    positiveInteger('GroupNorm', 'numGroups', numGroups)
    positiveInteger('GroupNorm', 'numChannels', numChannels)
    if (numChannels % numGroups)
      throw new RangeError(
        `GroupNorm: expected numChannels to be a multiple of numGroups = ${numGroups}, got ${numChannels}`,
      )
    super('GroupNorm', [numChannels], options)
    this.numGroups = numGroups
    this.numChannels = numChannels
    this.affine = options.affine ?? true
  }

  forward(x: Tensor): Tensor {
    return groupNorm(x, this.numGroups, this.weight, this.bias, this)
  }

  override extraRepr(): string {
    const { numGroups, numChannels, eps, affine, bias } = this
    return `${numGroups}, ${numChannels}, eps=${python(eps)}, affine=${python(affine)}, bias=${python(bias !== undefined)}`
  }
}
