import { cast, cat, flatten, gatherRows, permute, reshape, slice, tensor, transpose, zeros } from 'convcore'
import * as reference from '../../reference/shape.js'
import { type Case, type ErrorCase, type Input, shapeError } from '../case.js'

const shaped = (from: number[], to: number[], result = to): Case => ({
  name: `reshape: [${from}] to [${to}]`,
  inputs: [{ shape: from }],
  op: (x) => reshape(x, to),
  reference: (x) => reference.reshape(x, result),
  differentiable: [0],
})

const flat = (shape: number[], start: number | undefined, end: number | undefined, result: number[]): Case => ({
  name: `flatten: [${shape}] from ${start} to ${end}`,
  inputs: [{ shape }],
  op: (x) => flatten(x, start, end),
  reference: (x) => reference.reshape(x, result),
  differentiable: [0],
})

const permuted = (shape: number[], ...dims: number[]): Case => ({
  name: `permute: [${shape}] to ${dims}`,
  inputs: [{ shape }],
  op: (x) => permute(x, dims),
  reference: (x) =>
    reference.permute(
      x,
      dims.map((d) => (d < 0 ? d + shape.length : d)),
    ),
  differentiable: [0],
})

const swapped = (shape: number[], a: number, b: number, dims: number[]): Case => ({
  name: `transpose: [${shape}], ${a} and ${b}`,
  inputs: [{ shape }],
  op: (x) => transpose(x, a, b),
  reference: (x) => reference.permute(x, dims),
  differentiable: [0],
})

const sliced = (shape: number[], dim: number, start: number, end: number): Case => ({
  name: `slice: [${shape}] along ${dim} from ${start} to ${end}`,
  inputs: [{ shape }],
  op: (x) => slice(x, dim, start, end),
  reference: (x) => reference.slice(x, dim, start, end),
  differentiable: [0],
})

const joined = (dim: number, ...shapes: number[][]): Case => ({
  name: `cat: ${shapes.map((s) => `[${s}]`).join(' ')} along ${dim}`,
  inputs: shapes.map((shape) => ({ shape })),
  op: (...parts) => cat(parts, dim),
  reference: (...parts) => reference.cat(parts, dim),
  differentiable: [...shapes.keys()],
})

const rows = (name: string, x: Input, index: number[]): Case => ({
  name: `gatherRows: ${name}`,
  inputs: [x, { shape: [index.length], dtype: 'int32', values: index }],
  op: (table, picked) => gatherRows(table, picked),
  reference: (table, picked) => reference.gatherRows(table, picked),
})

const image = [2, 3, 4, 5]

export const cases: Case[] = [
  shaped(image, [6, 20]),
  shaped(image, [120]),
  shaped(image, [3, 2, 5, 4]),
  shaped(image, image),
  shaped(image, [-1, 60], [2, 60]),
  shaped([6], [2, 3]),
  shaped([1], []),
  shaped([], [1, 1, 1]),
  shaped([0, 3], [3, 0]),
  flat(image, undefined, undefined, [120]),
  flat(image, 1, undefined, [2, 60]),
  flat(image, 1, 2, [2, 12, 5]),
  flat(image, -2, -1, [2, 3, 20]),
  flat([2, 17, 1, 1], 1, undefined, [2, 17]),
  flat([0, 3, 2, 2], 1, undefined, [0, 12]),
  flat([], undefined, undefined, [1]),
  permuted([3, 5], 1, 0),
  permuted(image, 0, 2, 3, 1),
  permuted(image, 0, 3, 1, 2),
  permuted(image, 3, 2, 1, 0),
  permuted(image, 1, 0, 2, 3),
  permuted(image, 0, 1, 2, 3),
  permuted(image, -1, 0, -2, 1),
  permuted([2, 3, 2, 3, 2], 4, 1, 3, 0, 2),
  permuted([0, 3, 2], 2, 1, 0),
  permuted([130, 140], 1, 0),
  permuted([2, 3, 90, 80], 3, 0, 2, 1),
  swapped([17, 5], 0, 1, [1, 0]),
  swapped(image, 1, 3, [0, 3, 2, 1]),
  swapped(image, -1, -2, [0, 1, 3, 2]),
  ...[0, 1, 2, 3, -1].map((dim) => sliced([3, 3, 4, 5], dim, 1, 3)),
  sliced([3, 200, 100], 1, 7, 190),
  sliced([17, 5], 0, 3, 17),
  sliced([17, 5], 1, 1, 4),
  sliced(image, 1, 0, 3),
  sliced([7], 0, 2, 2),
  sliced([2, 7], 1, -3, -1),
  sliced([5, 3], 0, -2, 9),
  sliced([5, 3], 0, 3, 1),
  sliced([5, 3], 0, 1, 2),
  ...[0, 1, 2, 3, -1].map((dim) => {
    const longer = image.map((n, d) => (d === (dim < 0 ? dim + 4 : dim) ? n + 1 : n))
    return joined(dim, image, longer, image)
  }),
  joined(0, [3], [1], [2]),
  joined(1, [2, 17], [2, 5]),
  joined(0, [0, 3], [2, 3], [0, 3]),
  joined(1, [1, 5, 3, 3]),
  joined(1, [4, 3, 60, 60], [4, 2, 60, 60]),
  rows('a matrix', { shape: [5, 3] }, [4, 0, 0, 2]),
  rows('images', { shape: [3, 2, 2, 2] }, [2, 1]),
  rows('labels', { shape: [4], dtype: 'int32', values: [10, 11, 12, 13] }, [3, 3, 0]),
  rows('bytes', { shape: [2, 3], dtype: 'uint8', values: [1, 2, 3, 4, 5, 255] }, [1]),
  rows('nothing', { shape: [5, 3] }, []),
  {
    name: 'cast: float to int32 drops the fraction',
    inputs: [{ shape: [6], values: [1.9, -1.9, 0.5, -0.5, 100000.25, -7] }],
    op: (x) => cast(x, 'int32'),
    reference: (x) => ({ shape: [6], data: x.data.map(Math.trunc) }),
  },
  ...(['int32', 'uint8', 'float64', 'float32'] as const).map((dtype): Case => ({
    name: `cast: ${dtype} to float64`,
    inputs: [{ shape: [2, 1, 2, 2], dtype, values: [0, 1, 2, 3, 100, 200, 254, 255] }],
    op: (x) => cast(x, 'float64'),
    reference: (x) => x,
  })),
  {
    name: 'cast: to float32',
    inputs: [{ shape: [2, 3, 4, 5], dtype: 'float64' }],
    op: (x) => cast(x, 'float32'),
    reference: (x) => ({ shape: x.shape, data: x.data.map(Math.fround) }),
  },
]

export const takeAnyDType = ['reshape', 'flatten', 'permute', 'transpose', 'slice', 'cat', 'gatherRows', 'cast']

const fails = (name: string, run: () => unknown, message: RegExp): ErrorCase => ({
  name,
  run,
  error: shapeError(message),
})
const matrix = () => zeros([2, 3])

export const errors: ErrorCase[] = [
  fails('reshape: another size', () => reshape(matrix(), [7]), /reshape: expected .*6 elements.*\[7\]/),
  fails('reshape: no whole number', () => reshape(matrix(), [4, -1]), /reshape.*\[4, -1\]/),
  fails('reshape: two free sizes', () => reshape(matrix(), [-1, -1]), /reshape.*\[-1, -1\]/),
  fails('permute: too few dims', () => permute(matrix(), [0]), /permute.*0/),
  fails('permute: a dim twice', () => permute(matrix(), [1, 1]), /permute.*1, 1/),
  fails('cat: sizes', () => cat([matrix(), zeros([2, 4])], 0), /cat.*\[2, 3\].*\[2, 4\]|cat.*3\].*\[2, 4\]/),
  fails('cat: ranks', () => cat([matrix(), zeros([2])], 0), /cat.*\[2\]/),
  { name: 'cat: nothing', run: () => cat([], 0), error: { message: /cat: expected/ } },
  { name: 'cat: dim', run: () => cat([matrix()], 2), error: shapeError(/cat.*dim.*2/) },
  { name: 'transpose: dim', run: () => transpose(matrix(), 0, 2), error: shapeError(/transpose.*dim.*2/) },
  { name: 'slice: dim', run: () => slice(matrix(), 2, 0, 1), error: shapeError(/slice.*dim.*2/) },
  { name: 'slice: fraction', run: () => slice(matrix(), 1, 0.5, 1), error: { message: /slice.*0\.5/ } },
  { name: 'flatten: dims', run: () => flatten(matrix(), 1, 0), error: { message: /flatten/ } },
  {
    name: 'gatherRows: a row beyond',
    run: () => gatherRows(matrix(), Int32Array.of(2)).dataSync(),
    error: { message: /2/ },
  },
  {
    name: 'gatherRows: row −1',
    run: () => gatherRows(matrix(), Int32Array.of(-1)).dataSync(),
    error: { message: /-1/ },
  },
  {
    name: 'gatherRows: a scalar',
    run: () => gatherRows(tensor(1), Int32Array.of(0)),
    error: { message: /gatherRows/ },
  },
]
