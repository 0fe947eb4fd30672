import { avgPool2d, type AvgPool2dOptions, maxPool2d, maxPool2dWithIndices } from 'convcore'
import type { Calls } from './call.js'

interface Options extends AvgPool2dOptions {
  kernel: number | [number, number]
}

export const calls: Calls<Options> = {
  avgPool2d: ([x], { kernel, ...options }) => avgPool2d(x!, kernel, options),
  maxPool2d: ([x], { kernel, ...options }) => maxPool2d(x!, kernel, options),
  maxPool2dIndices: ([x], { kernel, ...options }) => maxPool2dWithIndices(x!, kernel, options).indices,
}
