import { noGrad } from '../autograd.js'
import * as fill from '../create.js'
import { ShapeError } from '../errors.js'
import { wide } from '../dtype.js'
import { checkShapeIs, checkTensor } from '../ops/check.js'
import { mul } from '../ops/elementwise.js'
import { qr } from '../ops/linalg.js'
import { transpose } from '../ops/shape.js'
import { defaultGenerator, type Generator } from '../random.js'
import { scope } from '../scope.js'
import { sizeOf } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { oneOf } from './validate.js'

const nonlinearities = [
  ...(['linear', 'conv1d', 'conv2d', 'conv3d', 'convTranspose1d', 'convTranspose2d', 'convTranspose3d'] as const),
  ...(['sigmoid', 'tanh', 'relu', 'leakyRelu', 'selu'] as const),
] as const

/** What follows the layer; it decides by how much the weights make up for what it takes away. */
export type Nonlinearity = (typeof nonlinearities)[number]

/** Options of {@link xavierUniform_} and {@link xavierNormal_}. */
export interface XavierOptions {
  /** Factor on the standard deviation; default 1. */
  gain?: number
  /** Default: the one that `manualSeed()` seeds. */
  generator?: Generator
}

/** Options of {@link orthogonal_}. */
export interface OrthogonalOptions {
  /** Factor on the matrix; default 1. */
  gain?: number
  /** Default: the one that `manualSeed()` seeds. */
  generator?: Generator
}

/** Options of {@link truncNormal_}. */
export interface TruncNormalOptions {
  /** default 0 */
  mean?: number
  /** Before the cut; default 1. */
  std?: number
  /** Least value; default −2. */
  a?: number
  /** Greatest value; default 2. */
  b?: number
  /** Default: the one that `manualSeed()` seeds. */
  generator?: Generator
}

/** Options of {@link kaimingUniform_} and {@link kaimingNormal_}. */
export interface KaimingOptions {
  /** Negative slope of the leaky ReLU; default 0, which is the ReLU's. */
  a?: number
  /** Which variance is kept: of the activations ('fanIn', default) or of the gradients ('fanOut'). */
  mode?: 'fanIn' | 'fanOut'
  /** default 'leakyRelu' */
  nonlinearity?: Nonlinearity
  /** Default: the one that `manualSeed()` seeds. */
  generator?: Generator
}

/** Inputs and outputs of one unit of a weight [out, in, …window]. Throws ShapeError below rank 2. */
export function fans(weight: Tensor): {
  /** Inputs of each output. */
  fanIn: number
  /** Outputs of each input. */
  fanOut: number
} {
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

/**
 * Truncated normal, in place: N(mean, std²) drawn again outside of [a, b], by rejection from a uniform distribution over
 * what matters of the interval.
 * @throws {RangeError} unless a < b and std > 0
 */
export function truncNormal_(t: Tensor, options: TruncNormalOptions = {}): Tensor {
  const { mean = 0, std = 1, a = -2, b = 2, generator = defaultGenerator } = options
  if (!(a < b) || !(std > 0))
    throw new RangeError(`truncNormal_: expected a < b and std > 0, got a = ${a}, b = ${b} and std = ${std}`)
  checkTensor('truncNormal_', 't', t)
  const [least, greatest] = [(a - mean) / std, (b - mean) / std]
  const mode = Math.min(Math.max(0, least), greatest)
  const reach = Math.sqrt(mode ** 2 + 92) // beyond it the density is below 1e-20 of the mode's
  const [low, high] = [Math.max(least, -reach), Math.min(greatest, reach)]
  const values = new Float64Array(t.size)
  for (let i = 0; i < values.length; i++) {
    let x: number
    do x = low + (high - low) * generator.random()
    while (generator.random() >= Math.exp((mode ** 2 - x ** 2) / 2))
    values[i] = Math.min(Math.max(mean + std * x, a), b)
  }
  return noGrad(() => t.copy_(values))
}

/** Keras's Glorot normal, in place: Xavier normal, but truncated at two standard deviations. */
export function glorotNormal_(t: Tensor, options: XavierOptions = {}): Tensor {
  // The standard deviation of N(0, 1) cut at ±2.
  const std = xavierStd(t, options.gain ?? 1) / 0.87962566103423978
  return truncNormal_(t, { std, a: -2 * std, b: 2 * std, generator: options.generator })
}

/** Keras's name for `xavierUniform_`. */
export const glorotUniform_ = xavierUniform_

/**
 * A matrix with orthonormal rows or columns, whichever are fewer, in place; a weight of higher rank as [out, the rest].
 * Source: Saxe et al., "Exact solutions to the nonlinear dynamics of learning in deep linear networks", ICLR 2014.
 * @throws {ShapeError} below rank 2
 */
export function orthogonal_(t: Tensor, options: OrthogonalOptions = {}): Tensor {
  fans(t)
  const { gain = 1, generator } = options
  const [rows, ...rest] = t.shape as [number, ...number[]]
  const columns = sizeOf(rest)
  if (t.size === 0) return t
  const { device } = t
  const dtype = wide(t.dtype)
  return scope(() =>
    noGrad(() => {
      const [most, least] = [Math.max(rows, columns), Math.min(rows, columns)]
      const { q, r } = qr(fill.randn([most, least], { dtype, device, generator }))
      const diagonal = r.dataSync()
      // With the signs of r's diagonal, all orthogonal matrices are equally likely.
      const signs = Array.from({ length: least }, (_, i) => (diagonal[i * (least + 1)]! < 0 ? -gain : gain))
      const tall = mul(q, fill.tensor(signs, { dtype, device }))
      return t.copy_((rows < columns ? transpose(tall, 0, 1) : tall).reshape(t.shape).to(t.dtype))
    }),
  )
}

/** The identity, in place, with zeros where a matrix is not square. @throws {ShapeError} unless t is a matrix */
export function eye_(t: Tensor): Tensor {
  checkShapeIs('eye_', 't', t, ['N', 'M'])
  const columns = t.shape[1]!
  return noGrad(() =>
    t.copy_(Float64Array.from({ length: t.size }, (_, i) => (Math.floor(i / columns) === i % columns ? 1 : 0))),
  )
}
