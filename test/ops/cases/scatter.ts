import { gather, scatter, scatterAdd, tensor, zeros } from 'convcore'
import * as reference from '../../reference/scatter.js'
import { volume } from '../../reference/array.js'
import { type Case, dtypeError, type ErrorCase, type Input, rangeError, shapeError } from '../case.js'

/** Indices below a limit, with repetitions. */
const below = (limit: number, shape: number[]): Input => ({
  shape,
  dtype: 'int32',
  values: Array.from({ length: volume(shape) }, (_, i) => (i * i * 5 + 3 * i) % limit),
})

const gathered = (x: number[], dim: number, index: number[]): Case => ({
  name: `gather: [${index}] of [${x}] along ${dim}`,
  inputs: [{ shape: x }, below(x.at(dim)!, index)],
  op: (x, index) => gather(x, dim, index),
  reference: (x, index) => reference.gather(x, dim, index),
  differentiable: [0],
})

const put = (x: number[], dim: number, index: number[], src = index): Case[] =>
  Object.entries({ scatter, scatterAdd }).map(([name, op]) => ({
    name: `${name}: [${src}] into [${x}] along ${dim}, [${index}] of them`,
    inputs: [{ shape: x }, below(x.at(dim)!, index), { shape: src }],
    op: (x, index, src) => op(x, dim, index, src),
    reference: (x, index, src) => reference[name as 'scatter'](x, dim, index, src),
    differentiable: [0, 2],
  }))

const image = [2, 3, 4, 5]

export const cases: Case[] = [
  gathered([5], 0, [7]),
  gathered([4, 6], 1, [4, 1]),
  gathered([4, 6], 0, [3, 5]),
  gathered(image, 1, [2, 5, 4, 5]),
  gathered(image, -1, [2, 3, 4, 2]),
  gathered(image, 0, [1, 2, 4, 3]),
  gathered([3, 4], 1, [0, 4]),
  gathered([17, 3], 0, [200, 2]),
  ...put([5], 0, [3]),
  ...put([3, 5], 1, [3, 8]),
  ...put([3, 5], 0, [4, 5]),
  ...put(image, 1, image),
  ...put(image, -1, [2, 2, 4, 3], image),
  ...put([3, 4], 1, [0, 4]),
  ...put([4, 3], 1, [4, 1], [4, 2]),
  ...put([19, 2], 0, [150, 2]),
  {
    name: 'scatter: a number',
    inputs: [{ shape: [3, 5] }, below(5, [3, 2])],
    op: (x, index) => scatter(x, 1, index, 7),
    reference: (x, index) => reference.scatter(x, 1, index, 7),
    differentiable: [0],
  },
  {
    name: 'scatter: labels',
    inputs: [{ shape: [4], dtype: 'int32', values: [9, 8, 7, 6] }, below(4, [3]), below(4, [3])],
    op: (x, index, src) => scatter(x, 0, index, src),
    reference: (x, index, src) => reference.scatter(x, 0, index, src),
  },
]

export const takeAnyDType = ['gather']
export const takeNumbers = ['scatter']

const matrix = () => zeros([2, 3])
const index = (...shape: number[]) => zeros(shape, { dtype: 'int32' })
const at = (value: number) => tensor(Int32Array.of(value, 0), { shape: [2, 1] })
const outside = (value: number) => ({
  name: 'ExecutionError',
  message: new RegExp(`expected indices in \\[0, 3\\), got ${value}`),
})

export const errors: ErrorCase[] = [
  { name: 'gather: beyond', run: () => gather(matrix(), 1, at(3)).dataSync(), error: outside(3) },
  { name: 'gather: −1', run: () => gather(matrix(), 1, at(-1)).dataSync(), error: outside(-1) },
  { name: 'gather: dim', run: () => gather(matrix(), 2, index(2, 3)), error: shapeError(/gather.*dim.*2/) },
  { name: 'gather: rank', run: () => gather(matrix(), 0, index(2)), error: shapeError(/gather.*\[\*, 3\].*\[2\]/) },
  {
    name: 'gather: too many',
    run: () => gather(matrix(), 1, index(3, 1)),
    error: shapeError(/gather.*\[2, \*\].*\[3, 1\]/),
  },
  {
    name: 'gather: floats',
    run: () => gather(matrix(), 0, matrix() as never),
    error: dtypeError(/gather.*index.*int32.*float32/),
  },
  { name: 'scatter: beyond', run: () => scatter(matrix(), 1, at(3), 1).dataSync(), error: outside(3) },
  {
    name: 'scatter: a number that uint8 does not hold',
    run: () => scatter(zeros([2, 3], { dtype: 'uint8' }), 1, at(0), 256),
    error: rangeError(/scatter: expected src .*255, got 256/),
  },
  {
    name: 'scatter: src',
    run: () => scatter(matrix(), 1, index(2, 2), zeros([2, 1])),
    error: shapeError(/scatter.*src.*\[2, 2\]/),
  },
  {
    name: 'scatter: dtypes',
    run: () => scatter(matrix(), 1, index(2, 1), index(2, 1)),
    error: dtypeError(/scatter.*src.*float32.*int32/),
  },
  {
    name: 'scatterAdd: beyond',
    run: () => scatterAdd(matrix(), 1, at(-2), zeros([2, 1])).dataSync(),
    error: outside(-2),
  },
]
