import {
  col2im,
  conv1d,
  type Conv1dOptions,
  conv2d,
  type Conv2dOptions,
  conv3d,
  type Conv3dOptions,
  im2col,
} from 'convcore'
import type { Calls } from './call.js'

interface Columns {
  shape: number[]
  kernel: number | [number, number]
}

export const calls: Calls<Conv1dOptions & Conv2dOptions & Conv3dOptions & Columns> = {
  col2im: ([columns], { shape, kernel, ...options }) => col2im(columns!, shape, kernel, options),
  conv1d: ([x, weight, bias], options) => conv1d(x!, weight!, bias, options),
  conv2d: ([x, weight, bias], options) => conv2d(x!, weight!, bias, options),
  conv3d: ([x, weight, bias], options) => conv3d(x!, weight!, bias, options),
  im2col: ([x], { kernel, ...options }) => im2col(x!, kernel, options),
}
