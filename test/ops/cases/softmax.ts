import { logSoftmax, softmax, zeros } from 'convcore'
import * as reference from '../../reference/softmax.js'
import { type Case, type ErrorCase, type Input, shapeError } from '../case.js'

const alongDim = { softmax, logSoftmax }

export const cases: Case[] = Object.entries(alongDim).flatMap(([name, op]): Case[] => {
  const along = (shape: number[], dim: number | undefined, input: Partial<Input> = {}): Case => ({
    name: `${name}: [${shape}] along ${dim ?? 'the last'}`,
    inputs: [{ shape, range: [-3, 3], ...input }],
    op: (x) => op(x, dim),
    reference: (x) => reference[name as keyof typeof alongDim](x, dim),
    ...(input.values ? {} : { differentiable: [0] }),
  })
  return [
    along([7], undefined),
    along([4, 10], undefined),
    ...[0, 1, -1].map((dim) => along([3, 5], dim)),
    ...[0, 1, 2].map((dim) => along([2, 3, 4], dim)),
    ...[0, 1, 2, 3, -3].map((dim) => along([2, 3, 4, 5], dim)),
    ...[1, 3].map((dim) => along([2, 17, 2, 33], dim)),
    ...[0, 1].map((dim) => along([110, 333], dim)),
    along([2, 5, 60, 70], 1),
    along([3, 1], 1),
    along([0, 5], 1),
    along([0, 5], 0),
    { ...along([1, 4], 1, { values: [1000, 999, -1000, 1000] }), name: `${name}: large values` },
    { ...along([1, 3], 1, { values: [-1000, -1001, -999] }), name: `${name}: very negative values` },
  ]
})

export const errors: ErrorCase[] = Object.entries(alongDim).flatMap(([name, op]) => [
  { name: `${name}: dim 2 of 2`, run: () => op(zeros([2, 3]), 2), error: shapeError(new RegExp(`${name}.*dim.*2`)) },
  { name: `${name}: dim −3 of 2`, run: () => op(zeros([2, 3]), -3), error: shapeError(new RegExp(`${name}.*dim.*-3`)) },
  {
    name: `${name}: dim 0.5`,
    run: () => op(zeros([2, 3]), 0.5),
    error: { message: new RegExp(`${name}.*dim.*0\\.5`) },
  },
])
