import { flip } from '../../ops/indexing.js'
import type { Tensor } from '../../tensor.js'
import { checkImage } from './image.js'

/** Left and right exchanged. */
export function hflip(x: Tensor): Tensor {
  checkImage('hflip', x)
  return flip(x, -1)
}

/** Top and bottom exchanged. */
export function vflip(x: Tensor): Tensor {
  checkImage('vflip', x)
  return flip(x, -2)
}
