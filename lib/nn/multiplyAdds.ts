import type { Tensor } from '../tensor.js'
import { Convolution } from './convolution.js'
import { Linear } from './linear.js'
import type { Module } from './module.js'

/** How many products with a weight, each with the sum that it goes into, a call of convolutions and linear layers takes. */
export function multiplyAdds(module: Module, input: Tensor, output: Tensor): number {
  // Each position, of what the filters are placed on or of what they are placed for, takes all weights once.
  if (module instanceof Linear) return (output.size / module.outFeatures) * module.weight.size
  if (!(module instanceof Convolution)) return 0
  const positions = module.transposed ? input.size / module.inChannels : output.size / module.outChannels
  return positions * module.weight.size
}
