import { Conv2d } from '../nn/conv.js'
import { kaimingNormal_, zeros_ } from '../nn/init.js'
import type { Module } from '../nn/module.js'

/** He et al.'s weights for convolutions before ReLUs, which keep the gradients' variance, and zero biases. */
export function initConvolutions(model: Module): void {
  for (const module of model.modules()) {
    if (!(module instanceof Conv2d)) continue
    kaimingNormal_(module.weight, { mode: 'fanOut', nonlinearity: 'relu' })
    if (module.bias) zeros_(module.bias)
  }
}
