import { cat, stack } from 'convcore'
import type { Calls } from './call.js'

export const calls: Calls<{ dim: number }> = {
  cat: (inputs, { dim }) => cat(inputs, dim),
  stack: (inputs, { dim }) => stack(inputs, dim),
}
