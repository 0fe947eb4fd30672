import { Conv1d, Conv2d, Conv3d } from '../../nn/conv.js'
import { Linear } from '../../nn/linear.js'
import type { Module } from '../../nn/module.js'
import { ZeroPad1d, ZeroPad2d, ZeroPad3d } from '../../nn/pad.js'
import { SeparableConv2d } from '../../nn/separable.js'
import { ConvTranspose1d, ConvTranspose2d, ConvTranspose3d } from '../../nn/transposed.js'
import type { Size } from '../fields.js'
import type { Builder, Layer, Value } from '../layer.js'
import { toChannelsFirst } from '../stateDict.js'
import { activated } from './activation.js'

interface Window {
  readonly kernel: readonly number[]
  readonly strides: readonly number[]
  readonly dilation: readonly number[]
  readonly padding: 'valid' | 'same'
  /** Zeros before the first cell, with padding 'causal'. */
  readonly causal: number
}

function windowOf({ fields }: Layer, rank: number): Window {
  const kernel = fields.sizes('kernel_size', rank)
  const strides = fields.sizes('strides', rank, 1)
  const dilation = fields.sizes('dilation_rate', rank, 1)
  const word = fields.word('padding', ['valid', 'same', 'causal'], 'valid')
  if (word === 'causal' && rank > 1) fields.fail('padding', "'valid' or 'same'")
  const causal = word === 'causal' ? dilation[0]! * (kernel[0]! - 1) : 0
  return { kernel, strides, dilation, padding: word === 'causal' ? 'valid' : word, causal }
}

/** Sizes of what a window makes of the sides of an input. */
export function slid(layer: Layer, { shape }: Value, { kernel, strides, dilation, padding, causal }: Window): Size[] {
  return shape.slice(0, -1).map((n, i) => {
    if (n === null) return null
    const room = n + causal - dilation[i]! * (kernel[i]! - 1) - 1
    const size = padding === 'same' ? Math.ceil(n / strides[i]!) : Math.floor(room / strides[i]!) + 1
    return size > 0 ? size : layer.fail(`an input at least as large as the window ${kernel}`, shape)
  })
}

// Sizes are checked to be as many as the rank, which the types of the modules want to know.
type Make<M> = new (inChannels: number, outChannels: number, kernelSize: never, options: object) => M
const convs = [Conv1d, Conv2d, Conv3d] as unknown as Make<Module>[]
const transposed = [ConvTranspose1d, ConvTranspose2d, ConvTranspose3d] as unknown as Make<Module>[]
const zeroPads = [ZeroPad1d, ZeroPad2d, ZeroPad3d] as const

/** Zeros at the ends of the sides of images, negative numbers take away; last side first, as `pad` has it. */
export const zeroPad = (ends: readonly (readonly [number, number])[]): Module =>
  new zeroPads[ends.length - 1]!(ends.toReversed().flat())

/** A convolution, then its activation, and zeros before it where it is causal. */
function convolved(layer: Layer, module: Module, filters: number, window: Window): (x: Value) => Value {
  const pad = window.causal ? zeroPad([[window.causal, 0]]) : undefined
  const activation = activated(layer)
  return (x) => {
    const shape = [...slid(layer, x, window), filters]
    const padded = pad
      ? layer.call(pad, [x], [x.shape[0] === null ? null : x.shape[0]! + window.causal, x.shape[1]!], '_pad')
      : x
    return activation(layer.call(module, [padded], shape))
  }
}

interface Grouped {
  channels: number
  filters: number
  groups: number
  bias: boolean
}

/** A convolution with the layer's weights and window. */
function grouped(
  layer: Layer,
  rank: number,
  window: Window,
  { channels, filters, groups, bias }: Grouped,
): (x: Value) => Value {
  const { strides: stride, dilation, padding } = window
  const options = { stride, dilation, padding, groups, bias }
  const module = new convs[rank - 1]!(channels, filters, window.kernel as never, options)
  layer.load(module)
  return convolved(layer, module, filters, window)
}

const conv =
  (rank: number): Builder =>
  (layer, x) => {
    const { fields } = layer
    layer.checkRank(x, rank + 1)
    const [channels, filters] = [layer.channels(x), fields.whole('filters')]
    const window = windowOf(layer, rank)
    const [groups, bias] = [fields.whole('groups', 1), fields.flag('use_bias', true)]
    if (channels % groups || filters % groups) fields.fail('groups', `a divisor of ${channels} and ${filters}`)
    layer.expect([['kernel', [...window.kernel, channels / groups, filters]], bias && ['bias', [filters]]])
    return grouped(layer, rank, window, { channels, filters, groups, bias })
  }

const depthwise =
  (rank: number): Builder =>
  (layer, x) => {
    const { fields } = layer
    layer.checkRank(x, rank + 1)
    const [channels, multiplier] = [layer.channels(x), fields.whole('depth_multiplier', 1)]
    const window = windowOf(layer, rank)
    const [filters, bias] = [channels * multiplier, fields.flag('use_bias', true)]
    const kernel = [...window.kernel, channels, multiplier]
    layer.expect([[['depthwise_kernel', 'kernel'], kernel], bias && ['bias', [filters]]])
    return grouped(layer, rank, window, { channels, filters, groups: channels, bias })
  }

const separable: Builder = (layer, x) => {
  const { fields } = layer
  layer.checkRank(x, 3)
  const [channels, filters] = [layer.channels(x), fields.whole('filters')]
  const [depthMultiplier, bias] = [fields.whole('depth_multiplier', 1), fields.flag('use_bias', true)]
  const window = windowOf(layer, 2)
  layer.expect([
    ['depthwise_kernel', [...window.kernel, channels, depthMultiplier]],
    ['pointwise_kernel', [1, 1, channels * depthMultiplier, filters]],
    bias && ['bias', [filters]],
  ])
  const [stride, dilation] = [window.strides as [number, number], window.dilation as [number, number]]
  const options = { stride, dilation, padding: window.padding, depthMultiplier, bias }
  const module = new SeparableConv2d(channels, filters, window.kernel as [number, number], options)
  layer.load(module)
  return convolved(layer, module, filters, window)
}

/** Keras cuts the odd cell off at the end, which transposed convolutions of ours do not: then a module after it does. */
const transpose =
  (rank: number): Builder =>
  (layer, x) => {
    const { fields } = layer
    layer.checkRank(x, rank + 1)
    const [channels, filters, bias] = [layer.channels(x), fields.whole('filters'), fields.flag('use_bias', true)]
    const { kernel, strides, dilation, padding, causal } = windowOf(layer, rank)
    if (causal) fields.fail('padding', "'valid' or 'same'")
    if (fields.has('output_padding')) fields.fail('output_padding', 'null')
    if (fields.values.groups !== undefined && fields.values.groups !== 1) fields.fail('groups', '1')
    layer.expect([['kernel', [...kernel, filters, channels]], bias && ['bias', [filters]]])
    const reach = kernel.map((k, i) => dilation[i]! * (k - 1) + 1)
    const cut = reach.map((r, i) => (padding === 'same' ? Math.max(r - strides[i]!, 0) : 0))
    const before = cut.map((n) => Math.floor(n / 2))
    const outputPadding = reach.map((r, i) => Math.max(strides[i]! - r, 0))
    const options = { stride: strides, dilation, padding: before, outputPadding, bias }
    const module = new transposed[rank - 1]!(channels, filters, kernel as never, options)
    layer.load(module)
    const crop = cut.some((n) => n % 2) ? zeroPad(cut.map((n) => [0, -(n % 2)] as const)) : undefined
    const activation = activated(layer)
    return (x) => {
      const whole = x.shape
        .slice(0, -1)
        .map((n, i) => (n === null ? null : n * strides[i]! + Math.max(reach[i]! - strides[i]!, 0) - 2 * before[i]!))
      const y = layer.call(module, [x], [...whole, filters])
      const cropped = whole.map((n, i) => (n === null ? null : n - (cut[i]! % 2)))
      return activation(crop ? layer.call(crop, [y], [...cropped, filters], '_crop') : y)
    }
  }

/** On images it is a convolution of 1×1. */
const dense: Builder = (layer, x) => {
  const { fields } = layer
  layer.checkRank(x, 1, 2, 3, 4)
  const [features, units, bias] = [layer.channels(x), fields.whole('units'), fields.flag('use_bias', true)]
  layer.expect([['kernel', [features, units]], bias && ['bias', [units]]])
  const rank = x.shape.length - 1
  const { image } = x
  const ones = new Array<number>(rank).fill(1)
  const module = rank
    ? new convs[rank - 1]!(features, units, ones as never, { bias })
    : new Linear(features, units, { bias })
  layer.load(module, (weight, name) => {
    if (name !== 'kernel') return weight
    return rank ? weight.reshape([...ones, features, units]) : image ? toChannelsFirst(weight, 0, image) : weight
  })
  const activation = activated(layer)
  return (x) => {
    if (x.image?.join() !== image?.join()) layer.fail('inputs of one shape', x.shape)
    return activation(layer.call(module, [x], [...x.shape.slice(0, -1), units]))
  }
}

export const convolutionLayers: Readonly<Record<string, Builder>> = {
  Conv1D: conv(1),
  Conv2D: conv(2),
  Conv3D: conv(3),
  Convolution1D: conv(1),
  Convolution2D: conv(2),
  Convolution3D: conv(3),
  DepthwiseConv1D: depthwise(1),
  DepthwiseConv2D: depthwise(2),
  SeparableConv2D: separable,
  SeparableConvolution2D: separable,
  Conv1DTranspose: transpose(1),
  Conv2DTranspose: transpose(2),
  Conv3DTranspose: transpose(3),
  Dense: dense,
}
