import { noGrad } from '../autograd.js'
import * as fill from '../create.js'
import { ShapeError } from '../errors.js'
import type { Generator } from '../random.js'
import type { Tensor } from '../tensor.js'
import { oneOf } from './validate.js'

/** What follows the layer; it decides by how much the weights make up for what it takes away. */
export type Nonlinearity = 'linear' | 'conv2d' | 'sigmoid' | 'tanh' | 'relu' | 'leakyRelu' | 'selu'

const nonlinearities: readonly Nonlinearity[] = ['linear', 'conv2d', 'sigmoid', 'tanh', 'relu', 'leakyRelu', 'selu']

export interface XavierOptions {
  /** Factor on the standard deviation; default 1. */
  gain?: number
  generator?: Generator
}

export interface KaimingOptions {
  /** Negative slope of the leaky ReLU; default 0, which is the ReLU's. */
  a?: number
  /** Which variance is kept: of the activations ('fanIn', default) or of the gradients ('fanOut'). */
  mode?: 'fanIn' | 'fanOut'
  /** default 'leakyRelu' */
  nonlinearity?: Nonlinearity
  generator?: Generator
}

/** Inputs and outputs of one unit of a weight [out, in, …window]. Throws ShapeError below rank 2. */
export function fans(weight: Tensor): { fanIn: number; fanOut: number } {
  const [outputs, inputs, ...window] = weight.shape
  if (outputs === undefined || inputs === undefined)
    throw new ShapeError(`init: expected a weight of rank 2 or more, got [${weight.shape.join(', ')}]`)
  const taps = window.reduce((a, b) => a * b, 1)
  return { fanIn: inputs * taps, fanOut: outputs * taps }
}

/** The factor by which PyTorch scales weights before `nonlinearity`; `slope` is the leaky ReLU's, default 0.01. */
export function calculateGain(nonlinearity: Nonlinearity, slope = 0.01): number {
  switch (oneOf('calculateGain', 'nonlinearity', nonlinearity, nonlinearities)) {
    case 'tanh':
      return 5 / 3
    case 'relu':
      return Math.SQRT2
    case 'leakyRelu':
      return Math.sqrt(2 / (1 + slope ** 2))
    case 'selu':
      return 3 / 4
    default:
      return 1
  }
}

/** Fills with draws from N(mean, std²), in place. */
export const normal_ = (t: Tensor, mean = 0, std = 1, generator?: Generator): Tensor =>
  noGrad(() => fill.normal_(t, mean, std, generator))

/** Fills with draws from U[low, high), in place. */
export const uniform_ = (t: Tensor, low = 0, high = 1, generator?: Generator): Tensor =>
  noGrad(() => fill.uniform_(t, low, high, generator))

/** Fills with one value, in place. */
export const constant_ = (t: Tensor, value: number): Tensor => noGrad(() => fill.fill_(t, value))

/** Fills with 0, in place. */
export const zeros_ = (t: Tensor): Tensor => constant_(t, 0)

/** Fills with 1, in place. */
export const ones_ = (t: Tensor): Tensor => constant_(t, 1)

const xavierStd = (t: Tensor, gain: number): number => {
  const { fanIn, fanOut } = fans(t)
  return gain * Math.sqrt(2 / (fanIn + fanOut))
}

/** Xavier (Glorot) uniform, in place. Source: Glorot and Bengio, AISTATS 2010. */
export function xavierUniform_(t: Tensor, options: XavierOptions = {}): Tensor {
  const bound = Math.sqrt(3) * xavierStd(t, options.gain ?? 1)
  return uniform_(t, -bound, bound, options.generator)
}

/** Xavier (Glorot) normal, in place: std = gain · √(2 / (fanIn + fanOut)). */
export function xavierNormal_(t: Tensor, options: XavierOptions = {}): Tensor {
  return normal_(t, 0, xavierStd(t, options.gain ?? 1), options.generator)
}

function kaimingStd(t: Tensor, { a = 0, mode = 'fanIn', nonlinearity = 'leakyRelu' }: KaimingOptions): number {
  const fan = fans(t)[oneOf('init', 'mode', mode, ['fanIn', 'fanOut'])]
  return calculateGain(nonlinearity, a) / Math.sqrt(fan)
}

/** Kaiming (He) uniform, in place. Source: He et al., "Delving deep into rectifiers", ICCV 2015. */
export function kaimingUniform_(t: Tensor, options: KaimingOptions = {}): Tensor {
  const bound = Math.sqrt(3) * kaimingStd(t, options)
  return uniform_(t, -bound, bound, options.generator)
}

/** Kaiming (He) normal, in place: std = gain / √fan. */
export function kaimingNormal_(t: Tensor, options: KaimingOptions = {}): Tensor {
  return normal_(t, 0, kaimingStd(t, options), options.generator)
}
