import { pad, type PadOptions } from 'convcore'
import type { Calls } from './call.js'

export const calls: Calls<PadOptions & { padding: number[] }> = {
  pad: ([x], { padding, ...options }) => pad(x!, padding, options),
}
