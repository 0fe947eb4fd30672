import { maxUnpool1d, maxUnpool2d, maxUnpool3d } from 'convcore'
import type { Calls } from './call.js'

interface Options {
  kernel: number
  stride?: number
  padding?: number
  outputSize?: number[]
}

export const calls: Calls<Options> = {
  maxUnpool1d: ([x, indices], { kernel, ...options }) => maxUnpool1d(x!, indices!, kernel, options),
  maxUnpool2d: ([x, indices], { kernel, ...options }) => maxUnpool2d(x!, indices!, kernel, options),
  maxUnpool3d: ([x, indices], { kernel, ...options }) => maxUnpool3d(x!, indices!, kernel, options),
}
