import { BatchNorm } from '../nn/norm.js'
import { Convolution } from '../nn/convolution.js'
import { ConvTranspose1d, ConvTranspose2d, ConvTranspose3d } from '../nn/transposed.js'
import { Embedding } from '../nn/embedding.js'
import { GroupNorm, LayerNorm } from '../nn/groupNorm.js'
import { Linear } from '../nn/linear.js'
import type { Module } from '../nn/module.js'
import { PReLU } from '../nn/activation.js'
import { ElementPReLU } from './modules.js'
import { SeparableConv2d } from '../nn/separable.js'
import type { Sizes } from '../ops/check.js'
import type { Tensor } from '../tensor.js'

/** A tensor of a module's state, and how Keras has it. */
export interface Slot {
  /** Of the module's state: 'weight', 'depthwise.weight'. */
  readonly state: string
  /** Keras' names for it, the usual one first. */
  readonly keras: readonly [string, ...string[]]
  readonly toOurs: (x: Tensor) => Tensor
  readonly toKeras: (x: Tensor) => Tensor
}

const same = (x: Tensor): Tensor => x
const plain = (state: string, ...keras: [string, ...string[]]): Slot => ({ state, keras, toOurs: same, toKeras: same })
const swapped: Pick<Slot, 'toOurs' | 'toKeras'> = {
  toOurs: (x) => x.transpose(0, 1),
  toKeras: (x) => x.transpose(0, 1),
}

/** [out, in, …spatial] ↔ […spatial, in, out]; also [in, out, …] ↔ […, out, in] of transposed convolutions. */
const kernel: Pick<Slot, 'toOurs' | 'toKeras'> = {
  toOurs: (x) => x.permute(x.rank - 1, x.rank - 2, ...Array(x.rank - 2).keys()),
  toKeras: (x) => x.permute(...Array.from({ length: x.rank - 2 }, (_, i) => i + 2), 1, 0),
}

/** [C·M, 1, …spatial] ↔ […spatial, C, M]; Keras' grouped convolutions of one channel each have […spatial, 1, C·M]. */
const depthwise = (channels: number): Pick<Slot, 'toOurs' | 'toKeras'> => ({
  toOurs: (x) => kernel.toOurs(x.reshape([...x.shape.slice(0, -2), 1, x.shape.at(-2)! * x.shape.at(-1)!])),
  toKeras: (x) => kernel.toKeras(x).reshape([...x.shape.slice(2), channels, x.shape[0]! / channels]),
})

/** Whether each channel is convolved by itself. */
export const isDepthwise = ({ groups, inChannels }: Convolution<Sizes>): boolean => groups > 1 && groups === inChannels

/** What of a module's own state Keras saves; nothing of modules that it has no layer for. */
export function slotsOf(module: Module): readonly Slot[] {
  if (module instanceof Linear) return [{ ...plain('weight', 'kernel'), ...swapped }, plain('bias', 'bias')]
  if (module instanceof SeparableConv2d)
    return [
      { ...plain('depthwise.weight', 'depthwise_kernel'), ...depthwise(module.depthwise.inChannels) },
      { ...plain('pointwise.weight', 'pointwise_kernel'), ...kernel },
      plain('pointwise.bias', 'bias'),
    ]
  if (isTransposed(module)) return [{ ...plain('weight', 'kernel'), ...kernel }, plain('bias', 'bias')]
  if (module instanceof Convolution) {
    const conv = module as Convolution<Sizes>
    const weight: Slot = isDepthwise(conv)
      ? { ...plain('weight', 'depthwise_kernel', 'kernel'), ...depthwise(conv.inChannels) }
      : { ...plain('weight', 'kernel', 'depthwise_kernel'), ...kernel }
    return [weight, plain('bias', 'bias')]
  }
  if (module instanceof BatchNorm)
    return [
      plain('weight', 'gamma'),
      plain('bias', 'beta'),
      plain('running_mean', 'moving_mean'),
      plain('running_var', 'moving_variance'),
    ]
  if (module instanceof LayerNorm || module instanceof GroupNorm)
    return [plain('weight', 'gamma'), plain('bias', 'beta')]
  if (module instanceof PReLU) return [{ ...plain('weight', 'alpha'), toOurs: (x) => x.flatten() }]
  if (module instanceof ElementPReLU)
    return [
      {
        ...plain('weight', 'alpha'),
        toOurs: (x) => x.permute(x.rank - 1, ...Array(x.rank - 1).keys()),
        toKeras: (x) => x.permute(...Array.from({ length: x.rank - 1 }, (_, i) => i + 1), 0),
      },
    ]
  if (module instanceof Embedding) return [plain('weight', 'embeddings')]
  return []
}

const isTransposed = (module: Module): module is ConvTranspose1d | ConvTranspose2d | ConvTranspose3d =>
  [ConvTranspose1d, ConvTranspose2d, ConvTranspose3d].some((type) => module instanceof type)
