import { col2im, conv2d, type Conv2dOptions, im2col } from 'convcore'
import type { Calls } from './call.js'

interface Options extends Conv2dOptions {
  shape: number[]
  kernel: number | [number, number]
}

export const calls: Calls<Options> = {
  col2im: ([columns], { shape, kernel, ...options }) => col2im(columns!, shape, kernel, options),
  conv2d: ([x, weight, bias], options) => conv2d(x!, weight!, bias, options),
  im2col: ([x], { kernel, ...options }) => im2col(x!, kernel, options),
}
