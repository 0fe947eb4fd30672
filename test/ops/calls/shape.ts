import { cat, permute, slice } from 'convcore'
import type { Calls } from './call.js'

interface Options {
  order: number[]
  dim: number
  start: number
  end: number
}

export const calls: Calls<Options> = {
  cat: (inputs, { dim }) => cat(inputs, dim),
  permute: ([x], { order }) => permute(x!, order),
  slice: ([x], { dim, start, end }) => slice(x!, dim, start, end),
}
