import { weightedAvgPool2d, type WeightedAvgPool2dOptions } from 'convcore'
import type { Calls } from './call.js'

export const calls: Calls<WeightedAvgPool2dOptions> = {
  weightedAvgPool2d: ([x, weight], options) => weightedAvgPool2d(x!, weight!, options),
}
