import { logSoftmax, relu, sigmoid, softmax, tanh } from 'convcore'
import type { Calls } from './call.js'

interface Options {
  dim: number
}

export const calls: Calls<Options> = {
  logSoftmax: ([x], { dim }) => logSoftmax(x!, dim),
  relu: ([x]) => relu(x!),
  sigmoid: ([x]) => sigmoid(x!),
  softmax: ([x], { dim }) => softmax(x!, dim),
  tanh: ([x]) => tanh(x!),
}
