import { cat, stack, tensor, zeros } from 'convcore'
import * as reference from '../../reference/join.js'
import { type Case, type ErrorCase, dtypeError, shapeError } from '../case.js'

const joined = (dim: number, ...shapes: number[][]): Case => ({
  name: `cat: ${shapes.map((s) => `[${s}]`).join(' ')} along ${dim}`,
  inputs: shapes.map((shape) => ({ shape })),
  op: (...parts) => cat(parts, dim),
  reference: (...parts) => reference.cat(parts, dim),
  differentiable: [...shapes.keys()],
})

const stacked = (dim: number, shape: number[], count = 2): Case => ({
  name: `stack: ${count} of [${shape}] along ${dim}`,
  inputs: Array.from({ length: count }, () => ({ shape })),
  op: (...parts) => stack(parts, dim),
  reference: (...parts) => reference.stack(parts, dim),
  differentiable: [...Array(count).keys()],
})

const image = [2, 3, 4, 5]

export const cases: Case[] = [
  ...[0, 1, 2, 3, -1].map((dim) => {
    const longer = image.map((n, d) => (d === (dim < 0 ? dim + 4 : dim) ? n + 1 : n))
    return joined(dim, image, longer, image)
  }),
  joined(0, [3], [1], [2]),
  joined(1, [2, 17], [2, 5]),
  joined(0, [0, 3], [2, 3], [0, 3]),
  joined(1, [1, 5, 3, 3]),
  joined(1, [4, 3, 60, 60], [4, 2, 60, 60]),
  stacked(0, [3, 2], 3),
  stacked(1, [3, 2]),
  stacked(-1, [2, 3, 2]),
  stacked(1, [2, 3, 2, 2]),
  stacked(0, [], 3),
  stacked(1, [0, 2]),
]

export const takeAnyDType = ['cat', 'stack']

const fails = (name: string, run: () => unknown, message: RegExp): ErrorCase => ({
  name,
  run,
  error: shapeError(message),
})
const matrix = () => zeros([2, 3])

export const errors: ErrorCase[] = [
  fails('cat: sizes', () => cat([matrix(), zeros([2, 4])], 0), /cat.*\[2, 3\].*\[2, 4\]|cat.*3\].*\[2, 4\]/),
  fails('cat: ranks', () => cat([matrix(), zeros([2])], 0), /cat.*\[2\]/),
  { name: 'cat: nothing', run: () => cat([], 0), error: { message: /cat: expected/ } },
  { name: 'cat: dim', run: () => cat([matrix()], 2), error: shapeError(/cat.*dim.*2/) },
  {
    name: 'cat: dtypes',
    run: () => cat([matrix(), tensor(Int32Array.of(1))]),
    error: dtypeError(/cat.*tensors\[1\].*float32.*int32/),
  },
  fails('stack: shapes', () => stack([matrix(), zeros([2, 4])]), /stack.*\[2, 3\].*\[2, 4\]/),
  fails('stack: dim', () => stack([matrix()], 3), /stack.*dim.*3/),
  { name: 'stack: nothing', run: () => stack([]), error: { message: /stack: expected/ } },
]
