import {
  elu,
  gelu,
  type GeluOptions,
  hardsigmoid,
  hardswish,
  hardtanh,
  leakyRelu,
  prelu,
  relu,
  relu6,
  selu,
  sigmoid,
  silu,
  softplus,
  type SoftplusOptions,
  tanh,
} from 'convcore'
import type { Calls } from './call.js'

interface Options extends GeluOptions, SoftplusOptions {
  negativeSlope: number
  alpha: number
  least: number
  greatest: number
}

export const calls: Calls<Options> = {
  relu: ([x]) => relu(x!),
  sigmoid: ([x]) => sigmoid(x!),
  tanh: ([x]) => tanh(x!),
  relu6: ([x]) => relu6(x!),
  hardtanh: ([x], { least, greatest }) => hardtanh(x!, least, greatest),
  hardsigmoid: ([x]) => hardsigmoid(x!),
  hardswish: ([x]) => hardswish(x!),
  leakyRelu: ([x], { negativeSlope }) => leakyRelu(x!, negativeSlope),
  elu: ([x], { alpha }) => elu(x!, alpha),
  selu: ([x]) => selu(x!),
  gelu: ([x], options) => gelu(x!, options),
  silu: ([x]) => silu(x!),
  softplus: ([x], options) => softplus(x!, options),
  prelu: ([x, weight]) => prelu(x!, weight!),
}
