import { bmm, linear, matmul, type MatmulOptions } from 'convcore'
import type { Calls } from './call.js'

export const calls: Calls<MatmulOptions> = {
  bmm: ([a, b]) => bmm(a!, b!),
  linear: ([x, weight, bias]) => linear(x!, weight!, bias),
  matmul: ([a, b], options) => matmul(a!, b!, options),
}
