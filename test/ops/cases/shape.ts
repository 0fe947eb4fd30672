import { flatten, permute, reshape, squeeze, transpose, unsqueeze, zeros } from 'convcore'
import * as reference from '../../reference/shape.js'
import { type Case, type ErrorCase, shapeError } from '../case.js'

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

const squeezed = (shape: number[], dim: number | number[] | undefined, result: number[]): Case => ({
  name: `squeeze: [${shape}] at ${dim}`,
  inputs: [{ shape }],
  op: (x) => squeeze(x, dim),
  reference: (x) => reference.reshape(x, result),
  differentiable: [0],
})

const unsqueezed = (shape: number[], dim: number, result: number[]): Case => ({
  name: `unsqueeze: [${shape}] at ${dim}`,
  inputs: [{ shape }],
  op: (x) => unsqueeze(x, dim),
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
  squeezed([1, 3, 1, 2], undefined, [3, 2]),
  squeezed([1, 3, 1, 2], -2, [1, 3, 2]),
  squeezed([1, 3, 1, 2], [0, 1], [3, 1, 2]),
  squeezed([1], undefined, []),
  squeezed([0, 1], undefined, [0]),
  unsqueezed([2, 3], 0, [1, 2, 3]),
  unsqueezed([2, 3, 2], -1, [2, 3, 2, 1]),
  unsqueezed(image, 1, [2, 1, 3, 4, 5]),
  unsqueezed([], 0, [1]),
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
]

export const takeAnyDType = ['reshape', 'flatten', 'squeeze', 'unsqueeze', 'permute', 'transpose']

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
  { name: 'transpose: dim', run: () => transpose(matrix(), 0, 2), error: shapeError(/transpose.*dim.*2/) },
  fails('squeeze: dim', () => squeeze(matrix(), 2), /squeeze.*dim.*2/),
  fails('squeeze: a dim twice', () => squeeze(matrix(), [1, -1]), /squeeze.*once.*1, 1/),
  fails('unsqueeze: dim', () => unsqueeze(matrix(), 3), /unsqueeze.*dim.*3/),
  { name: 'flatten: dims', run: () => flatten(matrix(), 1, 0), error: { message: /flatten/ } },
]
