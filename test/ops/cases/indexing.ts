import { embedding, type EmbeddingOptions, flip, indexSelect, oneHot, tensor, zeros } from 'convcore'
import * as reference from '../../reference/indexing.js'
import { type Case, dtypeError, type ErrorCase, type Input, rangeError, shapeError } from '../case.js'

const indices = (shape: number[], values: number[]): Input => ({ shape, dtype: 'int32', values })

const selected = (name: string, x: Input, dim: number, index: number[]): Case => ({
  name: `indexSelect: ${name}`,
  inputs: [x, indices([index.length], index)],
  op: (x, index) => indexSelect(x, dim, index),
  reference: (x, index) => reference.indexSelect(x, dim, index),
  ...(x.dtype ? {} : { differentiable: [0] }),
})

const flipped = (shape: number[], dims: number | number[]): Case => ({
  name: `flip: [${shape}] along ${JSON.stringify(dims)}`,
  inputs: [{ shape }],
  op: (x) => flip(x, dims),
  reference: (x) => reference.flip(x, [dims].flat()),
  differentiable: [0],
})

const embedded = (name: string, weight: number[], index: Input, options: EmbeddingOptions = {}): Case => ({
  name: `embedding: ${name}`,
  inputs: [{ shape: weight }, index],
  op: (weight, index) => embedding(weight, index, options),
  reference: reference.embedding,
  // The row of the padding gets no gradient, unlike what differences say.
  ...(options.paddingIdx === undefined ? { differentiable: [0] } : {}),
})

const image = [2, 3, 4, 5]
const spread = (count: number, limit: number) => Array.from({ length: count }, (_, i) => (i * i * 7 + i) % limit)

export const cases: Case[] = [
  selected('rows of a matrix', { shape: [5, 3] }, 0, [4, 0, 0, 2]),
  selected('columns of a matrix', { shape: [3, 17] }, 1, [16, 0, 0, 2, 16]),
  ...[0, 1, 2, -1].map((dim) => selected(`images along ${dim}`, { shape: image }, dim, [1, 0, 1])),
  selected('elements', { shape: [4], values: [1, 2, 3, 4] }, -1, [3, 3, 0]),
  selected('a long list', { shape: [7, 2] }, 0, spread(1500, 7)),
  selected('labels', { shape: [4], dtype: 'int32', values: [10, 11, 12, 13] }, 0, [3, 3, 0]),
  selected('bytes', { shape: [2, 3], dtype: 'uint8', values: [1, 2, 3, 4, 5, 255] }, 0, [1]),
  selected('nothing', { shape: [5, 3] }, 0, []),
  selected('no columns', { shape: [5, 0] }, 0, [1, 1]),
  flipped([5], 0),
  flipped(image, 3),
  flipped(image, [1, -2]),
  flipped([2, 3], []),
  flipped([0, 3], 1),
  embedded('a vector of indices', [5, 3], indices([4], [4, 0, 0, 2])),
  embedded('a matrix of indices', [40, 17], indices([30, 4], spread(120, 40))),
  embedded('one index', [5, 3], indices([], [2])),
  embedded('no indices', [5, 3], indices([0, 2], [])),
  embedded('padding', [5, 3], indices([3], [1, 0, 1]), { paddingIdx: -4 }),
  {
    name: 'oneHot: a matrix of indices',
    inputs: [indices([2, 3], [0, 3, 1, 2, 2, 0])],
    op: (index) => oneHot(index, 4),
    reference: (index) => reference.oneHot(index, 4),
  },
  {
    name: 'oneHot: no indices',
    inputs: [indices([0], [])],
    op: (index) => oneHot(index, 4),
    reference: (index) => reference.oneHot(index, 4),
  },
]

export const takeAnyDType = ['indexSelect', 'flip']

const matrix = () => zeros([2, 3])
const index = (...values: number[]) => tensor(Int32Array.from(values))
const outside = (value: number) => ({
  name: 'ExecutionError',
  code: 'ERR_EXECUTION',
  message: new RegExp(`expected indices in \\[0, 2\\), got ${value}`),
})

export const errors: ErrorCase[] = [
  { name: 'indexSelect: beyond', run: () => indexSelect(matrix(), 0, index(1, 2)).dataSync(), error: outside(2) },
  { name: 'indexSelect: −1', run: () => indexSelect(matrix(), 0, Int32Array.of(-1)).dataSync(), error: outside(-1) },
  { name: 'indexSelect: dim', run: () => indexSelect(matrix(), 2, index(0)), error: shapeError(/indexSelect.*dim.*2/) },
  {
    name: 'indexSelect: a scalar',
    run: () => indexSelect(tensor(1), 0, index(0)),
    error: shapeError(/indexSelect.*scalar/),
  },
  {
    name: 'indexSelect: a matrix of indices',
    run: () => indexSelect(matrix(), 0, zeros([1, 1], { dtype: 'int32' })),
    error: shapeError(/indexSelect.*index.*\[M\].*\[1, 1\]/),
  },
  {
    name: 'indexSelect: floats',
    run: () => indexSelect(matrix(), 0, zeros([1])),
    error: dtypeError(/indexSelect.*index.*int32.*float32/),
  },
  { name: 'flip: dim', run: () => flip(matrix(), 2), error: shapeError(/flip.*dim.*2/) },
  { name: 'flip: twice', run: () => flip(matrix(), [0, -2]), error: shapeError(/flip.*once/) },
  { name: 'embedding: beyond', run: () => embedding(matrix(), index(2)).dataSync(), error: outside(2) },
  {
    name: 'embedding: weight',
    run: () => embedding(zeros([3]), index(0)),
    error: shapeError(/embedding.*weight.*\[3\]/),
  },
  {
    name: 'embedding: floats',
    run: () => embedding(matrix(), zeros([1])),
    error: dtypeError(/embedding.*index.*int32.*float32/),
  },
  {
    name: 'embedding: padding',
    run: () => embedding(matrix(), index(0), { paddingIdx: 2 }),
    error: rangeError(/embedding.*paddingIdx.*2/),
  },
  { name: 'oneHot: beyond', run: () => oneHot(index(2), 2).dataSync(), error: outside(2) },
  { name: 'oneHot: no classes', run: () => oneHot(index(2), 0), error: rangeError(/oneHot.*numClasses.*0/) },
  { name: 'oneHot: floats', run: () => oneHot(zeros([2]), 2), error: dtypeError(/oneHot.*int32.*float32/) },
]
