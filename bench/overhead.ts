import { add, conv2d, type Device, noGrad, ones, type Tensor, toChannelsLast } from 'convcore'
import type { Figures } from './kernels.js'

/** Ops of tensors so small that computing costs nothing: what is timed is the way to the kernel and back. */
export const tinyOps = ['add', 'conv2d'] as const

export function tiny(name: (typeof tinyOps)[number], device: Device): Figures {
  const small = (...shape: number[]) => {
    const x = ones(shape, { device })
    return shape.length === 4 ? toChannelsLast(x) : x
  }
  const [leaf, other, dy] =
    name === 'add' ? [small(4), small(4), small(4)] : [small(2, 2, 3, 3), small(1, 2, 4, 4), small(1, 2, 2, 2)]
  leaf.requiresGrad = true
  const op = (): Tensor => (name === 'add' ? add(leaf, other) : conv2d(other, leaf))
  return {
    forward: () => void noGrad(op),
    'forward + backward': () => {
      op().backward(dy)
      leaf.grad!.dispose()
      leaf.grad = undefined
    },
  }
}
