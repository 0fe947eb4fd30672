import { argmax, argmin, cumsum, max, mean, min, sum } from 'convcore'
import type { Calls } from './call.js'

interface Options {
  dim: number
  dims: number | number[]
  keepDim: boolean
}

export const calls: Calls<Options> = {
  argmax: ([x], { dim }) => argmax(x!, dim),
  argmin: ([x], { dim }) => argmin(x!, dim),
  cumsum: ([x], { dim }) => cumsum(x!, dim),
  max: ([x], { dim }) => max(x!, dim).values,
  mean: ([x], { dims, keepDim }) => mean(x!, dims, { keepDim }),
  min: ([x], { dim }) => min(x!, dim).values,
  sum: ([x], { dims, keepDim }) => sum(x!, dims, { keepDim }),
}
