import { chunk, slice, split, unbind } from 'convcore'
import type { Calls } from './call.js'

interface Options {
  dim: number
  start: number
  end: number
  step?: number
  sizes: number | number[]
  chunks: number
  part: number
}

export const calls: Calls<Options> = {
  chunk: ([x], { chunks, dim, part }) => chunk(x!, chunks, dim)[part]!,
  slice: ([x], { dim, start, end, step }) => slice(x!, dim, start, end, step),
  split: ([x], { sizes, dim, part }) => split(x!, sizes, dim)[part]!,
  unbind: ([x], { dim, part }) => unbind(x!, dim)[part]!,
}
