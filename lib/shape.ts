import { describe, ShapeError } from './errors.js'

/** Sizes of dimensions, the outermost first; [] of a scalar. */
export type Shape = readonly number[]

/** How a tensor's elements lie in memory: in logical order or, for images [N, C, …], with the channels last. */
export type Layout = 'rowMajor' | 'channelsLast'

export const MAX_RANK = 8

export function sizeOf(shape: Shape): number {
  let size = 1
  for (let i = 0; i < shape.length; i++) size *= shape[i]!
  return size
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

export const showShape = (shape: Shape): string => `[${shape.join(', ')}]`

/** @throws {ShapeError} when it is no array of whole, non-negative numbers, or has too many */
export function checkShape(op: string, shape: unknown): Shape {
  if (!Array.isArray(shape) || !shape.every((d) => Number.isSafeInteger(d) && d >= 0))
    throw new ShapeError(`${op}: expected a shape of whole, non-negative sizes, got ${describe(shape)}`)
  if (shape.length > MAX_RANK)
    throw new ShapeError(`${op}: expected at most ${MAX_RANK} dimensions, got ${showShape(shape)}`)
  if (!Number.isSafeInteger(sizeOf(shape)))
    throw new ShapeError(`${op}: expected fewer than 2^53 elements, got ${showShape(shape)}`)
  return shape as Shape
}

/**
 * A dimension counted from the front; negative ones count from the back.
 * @throws {ShapeError} when the tensor has no such dimension
 */
export function checkDim(op: string, dim: unknown, rank: number): number {
  if (!Number.isInteger(dim) || (dim as number) < -rank || (dim as number) >= rank)
    throw new ShapeError(
      rank === 0
        ? `${op}: expected no dimension of a scalar, got ${describe(dim)}`
        : `${op}: expected a dimension from ${-rank} to ${rank - 1}, got ${describe(dim)}`,
    )
  return (dim as number) < 0 ? (dim as number) + rank : (dim as number)
}

/**
 * Dimensions counted from the front: one, several or, by default, all.
 * @throws {ShapeError} when the tensor has no such dimension, or one is named twice
 */
export function checkDims(op: string, dim: number | readonly number[] | undefined, rank: number): number[] {
  if (dim === undefined) return [...IDENTITY[rank]!]
  const dims = (Array.isArray(dim) ? (dim as readonly number[]) : [dim as number]).map((d) => checkDim(op, d, rank))
  if (new Set(dims).size !== dims.length)
    throw new ShapeError(`${op}: expected each dimension once, got [${dims.join(', ')}]`)
  return dims
}

const CHANNELS_LAST: Readonly<Record<number, readonly number[]>> = { 4: [0, 2, 3, 1], 5: [0, 2, 3, 4, 1] }
const IDENTITY = Array.from({ length: MAX_RANK + 1 }, (_, rank) => Array.from({ length: rank }, (_, i) => i))

/** The logical dimensions in the order in which they lie in memory, slowest first. */
export const physicalOrder = (rank: number, layout: Layout): readonly number[] =>
  layout === 'channelsLast' ? CHANNELS_LAST[rank]! : IDENTITY[rank]!

/** The elements before, in and after a run of dimensions that lie side by side in memory, `first` to `last` in its order. */
export function extents(
  { shape, layout }: { shape: Shape; layout: Layout },
  first: number,
  last: number,
): [outer: number, n: number, inner: number] {
  let [outer, n, inner] = [1, 1, 1]
  physicalOrder(shape.length, layout).forEach((d, i) => {
    if (i < first) outer *= shape[d]!
    else if (i > last) inner *= shape[d]!
    else n *= shape[d]!
  })
  return [outer, n, inner]
}

/** The elements before, in and after one dimension in memory. */
export function around(x: { shape: Shape; layout: Layout }, dim: number): [outer: number, n: number, inner: number] {
  const at = physicalOrder(x.shape.length, x.layout).indexOf(dim)
  return extents(x, at, at)
}

/** Elements between neighbours along each logical dimension. */
export function stridesOf(shape: Shape, layout: Layout): number[] {
  const strides = new Array<number>(shape.length)
  const order = physicalOrder(shape.length, layout)
  for (let i = order.length - 1, stride = 1; i >= 0; i--) {
    strides[order[i]!] = stride
    stride *= shape[order[i]!]!
  }
  return strides
}

/** Whether both layouts put the elements of this shape in the same order. */
export function layoutsAgree(shape: Shape): boolean {
  const rank = shape.length
  if (rank !== 4 && rank !== 5) return true
  const size = sizeOf(shape)
  return shape[1] === 1 || size === 0 || size === shape[0]! * shape[1]!
}
