import { Conv1d, Conv2d, Conv3d } from '../../nn/conv.js'
import { Convolution } from '../../nn/convolution.js'
import { Linear } from '../../nn/linear.js'
import { SeparableConv2d } from '../../nn/separable.js'
import { ConvTranspose1d, ConvTranspose2d, ConvTranspose3d } from '../../nn/transposed.js'
import type { Sizes } from '../../ops/check.js'
import { isDepthwise } from '../layouts.js'
import { type ModuleWriter, type Out, reordered } from './writer.js'

type AnyConv = Convolution<Sizes> & {
  kernelSize: number[]
  stride: number[]
  dilation: number[]
  outputPadding?: number[]
}

const common = (conv: AnyConv, padding: string) => ({
  kernel_size: conv.kernelSize,
  strides: conv.stride,
  padding,
  data_format: 'channels_last',
  dilation_rate: conv.dilation,
  activation: 'linear',
})

/** Keras has no padding by numbers: where it is not 'same', zeros come before. */
export function padded(
  writer: ModuleWriter,
  x: Out,
  padding: readonly number[] | 'same' | 'valid',
  isSame: (pad: number, side: number) => boolean,
): { x: Out; word: 'same' | 'valid' } {
  if (padding === 'same' || padding === 'valid') return { x, word: padding }
  if (padding.every((p) => p === 0)) return { x, word: 'valid' }
  if (padding.every(isSame)) return { x, word: 'same' }
  return {
    x: zeros(
      writer,
      x,
      padding.map((p) => [p, p]),
      '_pad',
    ),
    word: 'valid',
  }
}

/** Zeros at the ends of sides. */
export function zeros(writer: ModuleWriter, x: Out, ends: readonly (readonly number[])[], suffix = ''): Out {
  const shape = [...ends.map(([a, b], i) => (x.shape[i]! < 0 ? -1 : x.shape[i]! + a! + b!)), x.shape.at(-1)!]
  const padding = ends.length === 1 ? ends[0] : ends
  return writer.emit(`ZeroPadding${ends.length}D`, { padding, data_format: 'channels_last' }, [x], shape, suffix)
}

/** Cells cut off at the ends of sides. */
export function cropped(writer: ModuleWriter, x: Out, ends: readonly (readonly number[])[], suffix = ''): Out {
  const shape = [...ends.map(([a, b], i) => (x.shape[i]! < 0 ? -1 : x.shape[i]! - a! - b!)), x.shape.at(-1)!]
  const cropping = ends.length === 1 ? ends[0] : ends
  return writer.emit(`Cropping${ends.length}D`, { cropping, data_format: 'channels_last' }, [x], shape, suffix)
}

const sameFor = (conv: AnyConv) => (pad: number, side: number) =>
  conv.stride[side] === 1 && 2 * pad === conv.dilation[side]! * (conv.kernelSize[side]! - 1)

function conv(writer: ModuleWriter, [input]: readonly Out[], shape: readonly number[]): Out {
  const module = writer.as(Convolution) as unknown as AnyConv
  const rank = module.kernelSize.length
  const { x, word } = padded(writer, input!, module.padding, sameFor(module))
  const bias = { use_bias: module.bias !== undefined }
  const depthwise = isDepthwise(module)
  if (depthwise && rank > 2) writer.refuse('depthwise convolutions of signals and images alone')
  const filters = depthwise
    ? { depth_multiplier: module.outChannels / module.inChannels }
    : { filters: module.outChannels, ...(module.groups > 1 && { groups: module.groups }) }
  const className = `${depthwise ? 'Depthwise' : ''}Conv${rank}D`
  const y = writer.emit(className, { ...filters, ...common(module, word), ...bias }, [x], shape)
  writer.weigh()
  return y
}

function separable(writer: ModuleWriter, [input]: readonly Out[], shape: readonly number[]): Out {
  const { depthwise, pointwise } = writer.as(SeparableConv2d)
  const module = depthwise as unknown as AnyConv
  const { x, word } = padded(writer, input!, module.padding, sameFor(module))
  const filters = { filters: pointwise.outChannels, depth_multiplier: depthwise.outChannels / depthwise.inChannels }
  const bias = { use_bias: pointwise.bias !== undefined }
  const y = writer.emit('SeparableConv2D', { ...filters, ...common(module, word), ...bias }, [x], shape)
  writer.weigh()
  return y
}

/** Keras' has no padding but 'same': what ours cuts off is cropped behind it, where the output is large enough. */
function transposed(writer: ModuleWriter, [x]: readonly Out[], shape: readonly number[]): Out {
  const module = writer.as(Convolution) as unknown as AnyConv
  if (module.groups > 1) writer.refuse('transposed convolutions of one group')
  const rank = module.kernelSize.length
  const ends = module.kernelSize.map((k, i) => {
    const spare = Math.max(module.stride[i]! - module.dilation[i]! * (k - 1) - 1, 0)
    const before = (module.padding as number[])[i]!
    return [before, before + spare - module.outputPadding![i]!]
  })
  if (ends.some(([, end]) => end! < 0))
    writer.refuse('transposed convolutions whose outputPadding is not more than is cut off')
  const whole = [...ends.map(([a, b], i) => (shape[i]! < 0 ? -1 : shape[i]! + a! + b!)), module.outChannels]
  const config = { filters: module.outChannels, ...common(module, 'valid'), use_bias: module.bias !== undefined }
  const y = writer.emit(`Conv${rank}DTranspose`, config, [x!], whole)
  writer.weigh()
  return ends.flat().some((n) => n > 0) ? cropped(writer, y, ends, '_crop') : y
}

function dense(writer: ModuleWriter, [x]: readonly Out[], shape: readonly number[]): Out {
  const module = writer.as(Linear)
  if (x!.shape.length !== 1) writer.refuse('linear layers of vectors')
  const config = { units: module.outFeatures, activation: 'linear', use_bias: module.bias !== undefined }
  const y = writer.emit('Dense', config, [x!], shape)
  writer.weigh((w, name) => (name === 'kernel' ? reordered(w, x!) : w))
  return y
}

export const convolutions = [
  [Conv1d, conv],
  [Conv2d, conv],
  [Conv3d, conv],
  [SeparableConv2d, separable],
  [ConvTranspose1d, transposed],
  [ConvTranspose2d, transposed],
  [ConvTranspose3d, transposed],
  [Linear, dense],
] as const
