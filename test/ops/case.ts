import type { DType, Tensor, TypedArray } from 'convcore'
import { type Dense, make, volume } from '../reference/array.js'

/** What the values of an input are; without a dtype it takes the float type that the driver tests. */
export interface Input {
  readonly shape: readonly number[]
  readonly dtype?: Exclude<DType, 'float16' | 'bfloat16'>
  /** Values are spread evenly over this range (default −1 to 1), in a random order, so no two are alike and none is in the middle. */
  readonly range?: readonly [number, number]
  readonly values?: readonly number[]
}

/** One call of an op. The name starts with the op's: `conv2d: stride 2`. */
export interface Case {
  readonly name: string
  readonly inputs: readonly Input[]
  readonly op: (...inputs: Tensor[]) => Tensor
  readonly reference: (...inputs: Dense[]) => Dense
  /** The inputs whose gradients are checked; none when the op has no gradient. */
  readonly differentiable?: readonly number[]
  /** The inputs that the op changes in place, which therefore cannot be views. */
  readonly inPlace?: readonly number[]
  /** Allowed error relative to the largest expected magnitude (or to 1), where the usual one does not do. */
  readonly tolerance?: { readonly float32?: number; readonly float64?: number }
}

/** A call that must throw. */
export interface ErrorCase {
  readonly name: string
  readonly run: () => unknown
  readonly error: { name?: string; code?: string; message: RegExp }
}

export interface Family {
  readonly cases: readonly Case[]
  readonly errors: readonly ErrorCase[]
  /** The ops that take numbers for tensors. */
  readonly takeNumbers?: readonly string[]
  /** The ops that take tensors of every dtype. */
  readonly takeAnyDType?: readonly string[]
}

export const opOf = (test: Case): string => test.name.split(':')[0]!

export const shapeError = (message: RegExp) => ({ name: 'ShapeError', code: 'ERR_SHAPE', message })
export const dtypeError = (message: RegExp) => ({ name: 'DTypeError', code: 'ERR_DTYPE', message })
export const rangeError = (message: RegExp) => ({ name: 'RangeError', message })

/** A small generator of its own (mulberry32), so that a case's inputs depend on its name and nothing else. */
export function generator(name: string): () => number {
  let state = Buffer.from(name).reduce((hash, byte) => Math.imul(hash ^ byte, 16777619), 2166136261)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

const arrays = { float32: Float32Array, float64: Float64Array, int32: Int32Array, uint8: Uint8Array } as const

/** What a tensor of a dtype makes of numbers. */
export const arrayOf = (dtype: keyof typeof arrays, data: Float64Array): TypedArray => arrays[dtype].from(data)

/** The values of a case's inputs; those of both float types are exact in both. */
export function inputValues(test: Case, random = generator(test.name)): Dense[] {
  return test.inputs.map(({ shape, dtype = 'float32', ...input }) => {
    const data = input.values ? Float64Array.from(input.values) : spread(volume(shape), input.range ?? [-1, 1], random)
    return { shape, data: Float64Array.from(arrayOf(dtype, data)) }
  })
}

function spread(count: number, [low, high]: readonly [number, number], random: () => number): Float64Array {
  const data = Float64Array.from({ length: count }, (_, i) => low + ((high - low) * (i + 0.25)) / count)
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    const swapped = data[i]!
    data[i] = data[j]!
    data[j] = swapped
  }
  return data
}

/** Weights for the elements of a result, so that a gradient check sees each of them. */
export const weightsFor = (shape: readonly number[], random: () => number): Dense => make(shape, () => random() * 2 - 1)
