// Arithmetic on the numbers that JavaScript computes with, of any shape.
import { broadcastShape } from '../ops/broadcast.js'
import { sizeOf } from '../shape.js'
import { Numbers } from './value.js'

/** Distances between neighbours along each dimension, row-major. */
const strides = (shape: readonly number[]): number[] => shape.map((_, d) => sizeOf(shape.slice(d + 1)))

/** The index along each dimension of the i-th element. */
const indexOf = (shape: readonly number[], i: number): number[] =>
  strides(shape).map((stride, d) => Math.floor(i / stride) % shape[d]!)

/** The elements of x at the index that each index of a shape is brought to. */
export function pick(x: Numbers, shape: readonly number[], from: (index: number[]) => readonly number[]): Numbers {
  const steps = strides(x.shape)
  return Numbers.from(shape, x.kind, (i) => {
    const at = from(indexOf(shape, i))
    return x.values[at.reduce((sum, position, d) => sum + position * steps[d]!, 0)]!
  })
}

/** x repeated to a shape that it broadcasts to. */
export const spread = (x: Numbers, shape: readonly number[]): Numbers =>
  pick(x, shape, (index) => x.shape.map((n, d) => (n === 1 ? 0 : index[d + shape.length - x.shape.length]!)))

/** fn of each pair, broadcasting as NumPy. */
export function combine(a: Numbers, b: Numbers, fn: (a: number, b: number) => number, kind = a.kind): Numbers {
  const shape = broadcastShape('onnx', a.shape, b.shape)
  const [x, y] = [spread(a, shape), spread(b, shape)]
  return new Numbers(
    shape,
    x.values.map((value, i) => fn(value, y.values[i]!)),
    kind,
  )
}

export const each = (x: Numbers, fn: (value: number) => number, kind = x.kind): Numbers =>
  new Numbers(x.shape, x.values.map(fn), kind)

/** Joined along an axis. */
export function join(list: readonly Numbers[], axis: number): Numbers {
  const first = list[0]!
  const starts = list.map((_, i) => list.slice(0, i).reduce((sum, x) => sum + x.shape[axis]!, 0))
  const total = list.reduce((sum, x) => sum + x.shape[axis]!, 0)
  const parts = list.map((x) => strides(x.shape))
  const shape = first.shape.with(axis, total)
  return Numbers.from(shape, first.kind, (i) => {
    const index = indexOf(shape, i)
    const part = starts.findLastIndex((start, k) => start <= index[axis]! && list[k]!.shape[axis]! > 0)
    const at = index.with(axis, index[axis]! - starts[part]!)
    return list[part]!.values[at.reduce((sum, position, d) => sum + position * parts[part]![d]!, 0)]!
  })
}

/** Those along some axes brought to one number each; the axes stay with size 1. */
export function reduceOver(x: Numbers, axes: readonly number[], fn: (values: number[]) => number): Numbers {
  const shape = x.shape.map((n, d) => (axes.includes(d) ? 1 : n))
  const groups = new Map<number, number[]>()
  const steps = strides(shape)
  x.values.forEach((value, i) => {
    const index = indexOf(x.shape, i)
    const group = index.reduce((sum, position, d) => sum + (axes.includes(d) ? 0 : position * steps[d]!), 0)
    const values = groups.get(group)
    if (values) values.push(value)
    else groups.set(group, [value])
  })
  return Numbers.from(shape, x.kind, (i) => fn(groups.get(i) ?? []))
}
