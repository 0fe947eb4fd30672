import {
  batchNorm,
  conv2d,
  crossEntropy,
  type Device,
  im2col,
  matmul,
  maxPool2d,
  avgPool2d,
  noGrad,
  ones,
  randn,
  relu,
  tensor,
  type Tensor,
  toChannelsLast,
  zeros,
} from 'convcore'
import type { ConvRow, KernelRow } from './cases.js'

/** What is timed of a row, by the figure's name. */
export type Figures = Record<string, () => void>

/** The gradients of some leaves, which are then forgotten: what accumulates is not timed. */
function gradients(y: Tensor, dy: Tensor, leaves: readonly Tensor[]): void {
  y.backward(dy, { retainGraph: true })
  for (const leaf of leaves) {
    leaf.grad!.dispose()
    leaf.grad = undefined
  }
}

const like = (y: Tensor, device: Device): Tensor => {
  const dy = randn(y.shape, { device })
  return y.layout === 'channelsLast' ? toChannelsLast(dy) : dy
}

export function convolution([, n, c, h, w, k, r, s, stride, padding, groups]: ConvRow, device: Device): Figures {
  const x = toChannelsLast(randn([n, c, h, w], { device }))
  const weight = toChannelsLast(randn([k, c / groups, r, s], { device }))
  const bias = randn([k], { device })
  const options = { stride, padding, groups }
  const backward = (ofInput: boolean) => {
    const operands = [x, weight, bias].map((each) => each.detach()) as [Tensor, Tensor, Tensor]
    const leaves = ofInput ? operands.slice(0, 1) : operands.slice(1)
    for (const leaf of leaves) leaf.requiresGrad = true
    const y = conv2d(...operands, options)
    const dy = like(y, device)
    return () => {
      gradients(y, dy, leaves)
    }
  }
  return {
    forward: () => noGrad(() => void conv2d(x, weight, bias, options)),
    'backward input': backward(true),
    'backward weight': backward(false),
  }
}

/** The op, and what its gradients are of. */
function operation(row: KernelRow, device: Device): [op: () => Tensor, leaves: Tensor[]] {
  const { shape, window = 1, stride, padding } = row
  if (row.op === 'matmul') {
    const [m, k, n] = shape as [number, number, number]
    const [a, b] = [randn([m, k], { device }), randn([k, n], { device })]
    return [() => matmul(a, b), [a, b]]
  }
  const rows = randn(shape, { device })
  const x = shape.length === 4 ? toChannelsLast(rows) : rows
  const options = { ...(stride ? { stride } : {}), ...(padding ? { padding } : {}) }
  switch (row.op) {
    case 'im2col':
      return [() => im2col(x, window, options), [x]]
    case 'maxPool2d':
      return [() => maxPool2d(x, window, options), [x]]
    case 'avgPool2d':
      return [() => avgPool2d(x, window, options), [x]]
    case 'relu':
      return [() => relu(x), [x]]
    case 'batchNorm2d': {
      const channels = [shape[1]!]
      const [mean, variance] = [zeros(channels, { device }), ones(channels, { device })]
      const [weight, bias] = [ones(channels, { device }), zeros(channels, { device })]
      return [() => batchNorm(x, mean, variance, weight, bias, { training: true }), [x, weight, bias]]
    }
    case 'crossEntropy': {
      const [n, classes] = shape as [number, number]
      const target = tensor(
        Int32Array.from({ length: n }, (_, i) => (i * 7) % classes),
        { device },
      )
      return [() => crossEntropy(x, target), [x]]
    }
  }
}

export function kernel(row: KernelRow, device: Device): Figures {
  const [op, leaves] = operation(row, device)
  for (const leaf of leaves) leaf.requiresGrad = true
  const y = op()
  const dy = like(y, device)
  return {
    // As PyTorch's: the graph is noted, its backward not run.
    forward: () => void op(),
    backward: () => {
      gradients(y, dy, leaves)
    },
  }
}
