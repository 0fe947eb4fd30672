/** A dense array in logical (row-major) order: all that the reference implementations know. */
export interface Dense {
  readonly shape: readonly number[]
  readonly data: Float64Array
}

export type Index = readonly number[]

export const volume = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1)

/** Position of `index` in row-major order. */
export function position(shape: readonly number[], index: Index): number {
  let sum = 0
  for (let d = 0; d < shape.length; d++) sum = sum * shape[d]! + index[d]!
  return sum
}

/** Every index of a shape, in row-major order. */
export function* indices(shape: readonly number[]): Generator<number[]> {
  const index = shape.map(() => 0)
  for (let left = volume(shape); left > 0; left--) {
    yield [...index]
    for (let d = shape.length - 1; d >= 0 && ++index[d]! === shape[d]; d--) index[d] = 0
  }
}

/** The array whose element at each index is f(index). */
export function make(shape: readonly number[], f: (index: number[]) => number): Dense {
  const data = new Float64Array(volume(shape))
  let i = 0
  for (const index of indices(shape)) data[i++] = f(index)
  return { shape, data }
}

export const at = (a: Dense, index: Index): number => a.data[position(a.shape, index)]!

export const map = (a: Dense, f: (value: number) => number): Dense => ({ shape: a.shape, data: a.data.map(f) })

export const normalDim = (dim: number, rank: number): number => (dim < 0 ? dim + rank : dim)

/** `index` with another value at one dimension. */
export const withDim = (index: Index, dim: number, value: number): number[] =>
  index.map((i, d) => (d === dim ? value : i))
