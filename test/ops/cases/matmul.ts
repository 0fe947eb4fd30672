import { bmm, linear, matmul, type MatmulOptions, zeros } from 'convcore'
import { add } from '../../reference/elementwise.js'
import * as reference from '../../reference/matmul.js'
import { type Case, dtypeError, type ErrorCase, shapeError } from '../case.js'

const product = (name: string, a: number[], b: number[], options: MatmulOptions = {}): Case => ({
  name: `matmul: ${name}`,
  inputs: [{ shape: a }, { shape: b }],
  op: (x, y) => matmul(x, y, options),
  reference: (x, y) =>
    reference.matmul(
      options.transposeA ? reference.transposed(x) : x,
      options.transposeB ? reference.transposed(y) : y,
    ),
  differentiable: [0, 1],
})

const layer = (name: string, x: number[], weight: number[], bias = true): Case => ({
  name: `linear: ${name}`,
  inputs: [{ shape: x }, { shape: weight }, ...(bias ? [{ shape: [weight[0]!] }] : [])],
  op: (input, w, b) => linear(input, w, b),
  reference: (input, w, b) => {
    const y = reference.matmul(input, reference.transposed(w))
    return b ? add(y, b) : y
  },
  differentiable: bias ? [0, 1, 2] : [0, 1],
})

export const cases: Case[] = [
  product('2×3 · 3×4', [2, 3], [3, 4]),
  product('row · column', [1, 33], [33, 1]),
  product('column · row', [17, 1], [1, 5]),
  product('1×1', [1, 1], [1, 1]),
  product('odd sizes', [17, 33], [33, 5]),
  product('more than one block', [37, 70], [70, 65]),
  product('several jobs, sums in pieces', [40, 1100], [1100, 33]),
  product('many rows', [1030, 5], [5, 3]),
  product('many columns', [3, 5], [5, 1030]),
  product('transposed a', [33, 5], [33, 17], { transposeA: true }),
  product('transposed b', [5, 33], [17, 33], { transposeB: true }),
  product('both transposed', [33, 5], [17, 33], { transposeA: true, transposeB: true }),
  product('no rows', [0, 3], [3, 4]),
  product('no columns', [2, 3], [3, 0]),
  product('sums of nothing are 0', [2, 0], [0, 3]),
  product('batch', [3, 2, 5], [3, 5, 4]),
  product('batch, transposed b', [3, 2, 5], [3, 4, 5], { transposeB: true }),
  product('empty batch', [0, 2, 5], [0, 5, 4]),
  product('vector · vector', [17], [17]),
  product('vector · matrix', [5], [5, 3]),
  product('matrix · vector', [3, 5], [5]),
  product('transposed matrix · vector', [5, 3], [5], { transposeA: true }),
  product('vector · batch', [5], [2, 5, 3]),
  product('batch · vector', [2, 3, 5], [5]),
  product('one matrix for a batch', [2, 3, 4, 5], [5, 17]),
  product('one matrix for a batch, transposed b', [2, 3, 5], [4, 5], { transposeB: true }),
  product('one matrix for a batch, transposed a', [2, 5, 3], [5, 4], { transposeA: true }),
  product('a batch for one matrix', [3, 5], [2, 5, 4]),
  product('batches that broadcast', [2, 1, 3, 5], [4, 5, 2]),
  product('batches that broadcast, both transposed', [1, 5, 3], [2, 2, 5], { transposeA: true, transposeB: true }),
  product('batches of rank 5', [2, 1, 2, 2, 3], [2, 2, 1, 3, 2]),
  product('empty batch and one matrix', [0, 2, 5], [5, 4]),
  {
    name: 'bmm: 3 pairs',
    inputs: [{ shape: [3, 2, 5] }, { shape: [3, 5, 4] }],
    op: (a, b) => bmm(a, b),
    reference: (a, b) => reference.matmul(a, b),
    differentiable: [0, 1],
  },
  layer('3 to 2', [4, 3], [2, 3]),
  layer('no bias', [4, 3], [2, 3], false),
  layer('one row', [1, 33], [10, 33]),
  layer('one output', [5, 17], [1, 17]),
  layer('17 to 33', [6, 17], [33, 17]),
  layer('empty batch', [0, 3], [2, 3]),
]

const fails = (name: string, run: () => unknown, message: RegExp): ErrorCase => ({
  name,
  run,
  error: shapeError(message),
})

export const errors: ErrorCase[] = [
  fails('matmul: inner sizes', () => matmul(zeros([2, 3]), zeros([4, 5])), /matmul: expected .*3.*\[4, 5\]/),
  fails(
    'matmul: inner sizes, transposed',
    () => matmul(zeros([2, 3]), zeros([3, 5]), { transposeB: true }),
    /matmul: expected .*3.*\[3, 5\]/,
  ),
  fails('matmul: a scalar', () => matmul(zeros([]), zeros([3, 5])), /matmul: expected a .*one dimension.*\[\]/),
  fails(
    'matmul: a vector transposed',
    () => matmul(zeros([3]), zeros([3, 5]), { transposeA: true }),
    /matmul: expected a .*two dimensions.*\[3\]/,
  ),
  fails('matmul: vectors', () => matmul(zeros([3]), zeros([4])), /matmul: expected b .*\[3\].*\[4\]/),
  fails(
    'matmul: batch',
    () => matmul(zeros([2, 3, 4]), zeros([3, 4, 5])),
    /matmul: expected .*broadcast.*\[2\] and \[3\]/,
  ),
  fails('bmm: batch', () => bmm(zeros([2, 3, 4]), zeros([3, 4, 5])), /bmm: expected b .*\[2, 4, N\].*\[3, 4, 5\]/),
  fails('bmm: matrices', () => bmm(zeros([3, 4]), zeros([4, 5])), /bmm: expected a .*\[B, M, K\].*\[3, 4\]/),
  fails(
    'linear: features',
    () => linear(zeros([2, 3]), zeros([5, 4])),
    /linear: expected .*\[2, 3\]|linear: expected .*\[5, 4\]/,
  ),
  fails(
    'linear: bias',
    () => linear(zeros([2, 3]), zeros([5, 3]), zeros([4])),
    /linear: expected bias .*\[5\], got \[4\]/,
  ),
  {
    name: 'matmul: mixed dtypes',
    run: () => matmul(zeros([2, 3]), zeros([3, 2], { dtype: 'float64' })),
    error: dtypeError(/matmul.*float32.*float64|matmul.*float64.*float32/),
  },
]
