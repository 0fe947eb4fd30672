import { broadcastTo, expand, repeat, tile, zeros } from 'convcore'
import * as reference from '../../reference/repeat.js'
import { type Case, type ErrorCase, rangeError, shapeError } from '../case.js'

const expanded = (from: number[], to: number[], result = to): Case[] =>
  Object.entries({ expand, broadcastTo }).map(([name, op]) => ({
    name: `${name}: [${from}] to [${to}]`,
    inputs: [{ shape: from }],
    op: (x) => op(x, to),
    reference: (x) => reference.expand(x, result),
    differentiable: [0],
  }))

const repeated = (shape: number[], repeats: number[]): Case => ({
  name: `repeat: [${shape}] ${repeats} times`,
  inputs: [{ shape }],
  op: (x) => repeat(x, repeats),
  reference: (x) => reference.repeat(x, repeats),
  differentiable: [0],
})

export const cases: Case[] = [
  ...expanded([3, 1], [3, 4]),
  ...expanded([2, 1, 3, 1], [2, 17, 3, 2]),
  ...expanded([3], [2, 2, 3]),
  ...expanded([], [2, 3]),
  ...expanded([2, 1], [4, -1, 3], [4, 2, 3]),
  ...expanded([2, 3], [2, 3]),
  ...expanded([1, 3], [0, 3]),
  repeated([3], [2]),
  repeated([2, 3], [3, 1]),
  repeated([2, 3, 2, 2], [1, 2, 3, 2]),
  repeated([2, 3], [2, 1, 2]),
  repeated([], [3]),
  repeated([2, 3], [1, 1]),
  repeated([0, 3], [2, 2]),
  repeated([2, 3], [0, 2]),
  {
    name: 'tile: [2, 3] 2 times',
    inputs: [{ shape: [2, 3] }],
    op: (x) => tile(x, [2]),
    reference: (x) => reference.repeat(x, [1, 2]),
    differentiable: [0],
  },
]

export const takeAnyDType = ['expand', 'broadcastTo', 'repeat', 'tile']

const matrix = () => zeros([2, 3])

export const errors: ErrorCase[] = [
  { name: 'expand: sizes', run: () => expand(matrix(), [2, 4]), error: shapeError(/expand.*\[2, 3\].*\[2, 4\]/) },
  { name: 'expand: fewer dims', run: () => expand(matrix(), [3]), error: shapeError(/expand.*\[2, 3\].*\[3\]/) },
  { name: 'expand: −1 in front', run: () => expand(matrix(), [-1, 2, 3]), error: shapeError(/expand.*-1/) },
  { name: 'broadcastTo: sizes', run: () => broadcastTo(matrix(), [4, 3]), error: shapeError(/broadcastTo.*\[4, 3\]/) },
  { name: 'repeat: too few', run: () => repeat(matrix(), [2]), error: shapeError(/repeat.*2 repeats.*\[2\]/) },
  { name: 'repeat: negative', run: () => repeat(matrix(), [2, -1]), error: rangeError(/repeat.*repeats\[1\].*-1/) },
  { name: 'tile: fraction', run: () => tile(matrix(), [0.5]), error: rangeError(/tile.*repeats\[0\].*0\.5/) },
]
