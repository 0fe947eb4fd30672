import type { Tensor } from '../tensor.js'
import { Module } from './module.js'

/** Gives what it gets: a placeholder for a layer. Takes any arguments for the constructor and ignores them, as PyTorch's. */
export class Identity extends Module {
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- as a stand-in it takes what the layer would
  constructor(..._ignored: readonly unknown[]) {
    super()
  }

  forward(x: Tensor): Tensor {
    return x
  }
}
