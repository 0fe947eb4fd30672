import { logSoftmax, softmax } from 'convcore'
import type { Calls } from './call.js'

export const calls: Calls<{ dim: number }> = {
  softmax: ([x], { dim }) => softmax(x!, dim),
  logSoftmax: ([x], { dim }) => logSoftmax(x!, dim),
}
