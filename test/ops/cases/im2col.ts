import { col2im, im2col, type Im2colOptions, tensor, zeros } from 'convcore'
import * as reference from '../../reference/im2col.js'
import { type Case, dtypeError, type ErrorCase, rangeError, shapeError } from '../case.js'

type Image = [number, number, number, number]

type Columns = Pick<Im2colOptions, 'stride' | 'dilation'> & { padding?: number | [number, number] }

const columns = (name: string, x: Image, kernel: number | [number, number], options: Columns = {}): Case => ({
  name: `im2col: ${name}`,
  inputs: [{ shape: x }],
  op: (image) => im2col(image, kernel, options),
  reference: (image) => reference.im2col(image, kernel, options),
  differentiable: [0],
})

const image = (
  name: string,
  matrix: [number, number],
  x: Image,
  kernel: number | [number, number],
  options: Columns = {},
): Case => ({
  name: `col2im: ${name}`,
  inputs: [{ shape: matrix }],
  op: (m) => col2im(m, x, kernel, options),
  reference: (m) => reference.col2im(m, x, kernel, options),
  differentiable: [0],
})

export const cases: Case[] = [
  columns('5×5', [1, 3, 7, 7], 5),
  columns('stride 2, padding 1', [2, 3, 6, 5], 3, { stride: 2, padding: 1 }),
  columns('2×3, dilation 2', [2, 2, 6, 7], [2, 3], { dilation: 2, padding: [0, 1] }),
  columns('17 channels', [1, 17, 4, 4], 2),
  columns('empty batch', [0, 3, 5, 5], 3),
  image('5×5', [9, 75], [1, 3, 7, 7], 5),
  image('stride 2, padding 1', [18, 27], [2, 3, 6, 5], 3, { stride: 2, padding: 1 }),
  image('2×3, dilation 2', [40, 12], [2, 2, 6, 7], [2, 3], { dilation: 2, padding: [0, 1] }),
]

export const errors: ErrorCase[] = [
  {
    name: 'im2col: window larger than the image',
    run: () => im2col(zeros([1, 1, 5, 5]), 7),
    error: shapeError(/⌊\(5 \+ 2·0 − 7\) \/ 1⌋ \+ 1/),
  },
  {
    name: 'im2col: rank',
    run: () => im2col(zeros([5, 5]), 2),
    error: shapeError(/im2col: expected .*\[5, 5\]/),
  },
  {
    name: 'im2col: window of size 0',
    run: () => im2col(zeros([1, 1, 5, 5]), 0),
    error: rangeError(/im2col.*0/),
  },
  {
    name: 'col2im: matrix of another size',
    run: () => col2im(zeros([9, 74]), [1, 3, 7, 7], 5),
    error: shapeError(/col2im: expected .*\[9, 75\].* got \[9, 74\]/),
  },
  {
    name: 'col2im: int32',
    run: () => col2im(tensor(new Int32Array(75 * 9), { shape: [9, 75] }), [1, 3, 7, 7], 5),
    error: dtypeError(/col2im/),
  },
]
