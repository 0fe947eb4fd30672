import { interpolate, type InterpolateOptions } from 'convcore'
import type { Calls } from './call.js'

export const calls: Calls<InterpolateOptions> = {
  interpolate: ([x], options) => interpolate(x!, options),
}
