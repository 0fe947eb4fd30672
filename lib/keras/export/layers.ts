import * as nn from '../../nn/activation.js'
import * as adaptive from '../../nn/adaptivePool.js'
import { AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d } from '../../nn/dropout.js'
import { Flatten } from '../../nn/flatten.js'
import { LayerNorm } from '../../nn/groupNorm.js'
import { Identity } from '../../nn/identity.js'
import { Add, Average, Concatenate, Maximum, Minimum, Multiply, Subtract } from '../../nn/merge.js'
import type { Module } from '../../nn/module.js'
import { type BatchNorm, BatchNorm1d, BatchNorm2d, BatchNorm3d } from '../../nn/norm.js'
import { ZeroPad1d, ZeroPad2d, ZeroPad3d } from '../../nn/pad.js'
import { AvgPool1d, AvgPool2d, AvgPool3d, MaxPool1d, MaxPool2d, MaxPool3d } from '../../nn/pool.js'
import { LogSoftmax, Softmax } from '../../nn/softmax.js'
import { Upsample } from '../../nn/upsample.js'
import type { Sizes } from '../../ops/check.js'
import { eachSide } from '../../nn/validate.js'
import * as own from '../modules.js'
import { convolutions, cropped, padded, zeros } from './convolution.js'
import { type ModuleWriter, type Out, reordered } from './writer.js'

/** Writes a call of a module: its inputs, and the shape of its output as Keras has it. */
export type Export = (writer: ModuleWriter, inputs: readonly Out[], shape: readonly number[]) => Out

const activation =
  (word: string): Export =>
  (writer, [x]) =>
    writer.each('Activation', { activation: word }, x!)

/** A layer of the options of a class, which looks at each element alone. */
const each = <M extends Module>(
  type: abstract new (...args: never[]) => M,
  className: string,
  config: (module: M, writer: ModuleWriter) => object,
): [unknown, Export] => [type, (writer, [x]) => writer.each(className, { ...config(writer.as(type), writer) }, x!)]

const softmax =
  (className: string, config: object): Export =>
  (writer, [x]) => {
    const { dim } = writer.module as unknown as Softmax
    if (dim !== 1 && !(dim === -1 && x!.shape.length === 1)) writer.refuse('softmax over the channels')
    return writer.each(className, { ...config }, x!)
  }

const norm =
  (className: string): Export =>
  (writer, [x]) => {
    const module = writer.module as unknown as BatchNorm & LayerNorm
    const batch = className === 'BatchNormalization'
    if (batch && !module.trackRunningStats) writer.refuse('batch norm with running statistics')
    const sizes = (module as Partial<LayerNorm>).normalizedShape ?? [0]
    if (!batch && (sizes.length > 1 || (x!.shape.length > 1 && !(module instanceof own.ChannelNorm))))
      writer.refuse('layer norm over the channels')
    const affine = { scale: module.weight !== undefined, center: module.bias !== undefined }
    const momentum = batch && { momentum: 1 - (module.momentum ?? 0.1) }
    const y = writer.each(className, { axis: -1, epsilon: module.eps, ...momentum, ...affine }, x!)
    writer.weigh((w) => reordered(w, x!))
    return y
  }

const prelu: Export = (writer, [x]) => {
  const module = writer.as(nn.PReLU)
  const channels = x!.shape.at(-1)!
  const axes = x!.shape.slice(0, -1).map((_, i) => i + 1)
  const y = writer.each('PReLU', { shared_axes: axes.length ? axes : null }, x!)
  writer.weigh((w) =>
    reordered(module.numParameters === 1 ? w.expand(channels) : w, x!).reshape([...axes.map(() => 1), channels]),
  )
  return y
}

const elementPrelu: Export = (writer, [x]) => {
  const [, ...sides] = writer.as(own.ElementPReLU).weight.shape
  const shared = sides.flatMap((n, i) => (n === 1 && x!.shape[i] !== 1 ? [i + 1] : []))
  const y = writer.each('PReLU', { shared_axes: shared.length ? shared : null }, x!)
  writer.weigh()
  return y
}

const hardtanh: Export = (writer, [x]) => {
  const { minVal, maxVal } = writer.as(nn.Hardtanh)
  if (minVal !== 0) writer.refuse('a Hardtanh from 0 on')
  return writer.each('ReLU', { max_value: maxVal }, x!)
}

/** relu6(x + 3) / 6, since Keras 2 has another hard sigmoid. */
const hardsigmoid: Export = (writer, [x]) => {
  const shifted = writer.each('Rescaling', { scale: 1, offset: 3 }, x!, '_shift')
  const cut = writer.each('ReLU', { max_value: 6 }, shifted, '_relu6')
  return writer.each('Rescaling', { scale: 1 / 6, offset: 0 }, cut)
}

const flatten: Export = (writer, [x], shape) => {
  const { startDim, endDim } = writer.as(Flatten)
  if (startDim !== 1 || (endDim !== -1 && endDim !== x!.shape.length)) writer.refuse('Flatten of whole samples')
  const y = writer.emit('Flatten', { data_format: 'channels_last' }, [x!], shape)
  if (x!.shape.length === 1) return { ...y, image: x!.image }
  const image = [x!.shape.at(-1)!, ...x!.shape.slice(0, -1)]
  return image[0]! > 1 && image.slice(1).some((n) => n > 1) ? { ...y, image } : y
}

type AnyPool = MaxPool2d &
  AvgPool2d & { kernelSize: Sizes; stride: Sizes; padding: Sizes | 'same' | 'valid'; dilation: Sizes }

const pool =
  (kind: 'Max' | 'Average', rank: number): Export =>
  (writer, [input], shape) => {
    const { kernelSize, stride, padding, dilation, ceilMode, countIncludePad, divisorOverride } =
      writer.module as unknown as AnyPool
    const [kernel, strides] = [eachSide<Sizes>(kernelSize, rank), eachSide<Sizes>(stride, rank)] as number[][]
    const pad = typeof padding === 'string' ? padding : (eachSide<Sizes>(padding, rank) as number[])
    const plain = Array.isArray(pad) && pad.every((p) => p === 0)
    if ([dilation ?? 1].flat().some((d) => d !== 1) || divisorOverride !== undefined)
      writer.refuse('pooling without dilation and divisorOverride')
    // Keras' maxima and averages leave padding out, and ours of numbers pad with −∞ or count it.
    const zerosCount = kind === 'Average' && countIncludePad
    if ((pad === 'same' && zerosCount) || (Array.isArray(pad) && !plain && !zerosCount))
      writer.refuse("pooling with padding 'same' that is not counted, or averages that count it")
    const { x, word } = padded(writer, input!, pad, () => false)
    const whole = x.shape.slice(0, -1).every((n, i) => n >= 0 && (n - kernel![i]!) % strides![i]! === 0)
    if (ceilMode && word !== 'same' && !whole)
      writer.refuse("pooling with ceilMode only where windows fit, or padding 'same'")
    const config = { pool_size: kernel, strides, padding: word, data_format: 'channels_last' }
    return writer.emit(`${kind}Pooling${rank}D`, config, [x], shape)
  }

const adaptivePool =
  (kind: 'Max' | 'Average', rank: number): Export =>
  (writer, [x], shape) => {
    const sides = x!.shape.slice(0, -1)
    const data = { data_format: 'channels_last' }
    if (shape.slice(0, -1).every((n) => n === 1)) {
      const y = writer.emit(`Global${kind}Pooling${rank}D`, data, [x!], [shape.at(-1)!])
      return writer.emit('Reshape', { target_shape: shape }, [y], shape, '_keep')
    }
    if (sides.some((n, i) => n < 0 || n % shape[i]! !== 0))
      writer.refuse('adaptive pooling to sizes that divide the input')
    const kernel = sides.map((n, i) => n / shape[i]!)
    return writer.emit(
      `${kind}Pooling${rank}D`,
      { pool_size: kernel, strides: kernel, padding: 'valid', ...data },
      [x!],
      shape,
    )
  }

const zeroPad =
  (rank: number): Export =>
  (writer, [x]) => {
    const { padding } = writer.module as unknown as ZeroPad2d
    const ends = Array.from({ length: rank }, (_, i) => padding.slice(2 * (rank - 1 - i), 2 * (rank - i)))
    if (ends.flat().every((n) => n >= 0)) return zeros(writer, x!, ends)
    if (ends.flat().every((n) => n <= 0))
      return cropped(
        writer,
        x!,
        ends.map((pair) => pair.map((n) => -n)),
      )
    return writer.refuse('padding that only adds or only takes away')
  }

const upsample: Export = (writer, [x], shape) => {
  const { mode, alignCorners } = writer.as(Upsample)
  const rank = shape.length - 1
  const size = x!.shape.slice(0, -1).map((n, i) => shape[i]! / n)
  if (!size.every((n) => Number.isInteger(n) && n > 0) || alignCorners || (mode !== 'nearest' && mode !== 'bilinear'))
    writer.refuse("up-sampling by whole numbers, 'nearest' or 'bilinear' without alignCorners")
  const factors = rank === 1 ? { size: size[0] } : { size, ...(rank === 2 && { interpolation: mode }) }
  return writer.emit(`UpSampling${rank}D`, { ...factors, data_format: 'channels_last' }, [x!], shape)
}

/** Flattened images stay as they are where all of them are the same. */
const merge =
  (className: string): Export =>
  (writer, inputs, shape) => {
    const same = inputs.every(({ image }) => image?.join() === inputs[0]!.image?.join())
    if (!same)
      return writer.emit(
        className,
        {},
        inputs.map((x) => writer.settled(x)),
        shape,
      )
    return { ...writer.emit(className, {}, inputs, shape), image: inputs[0]!.image }
  }

const concatenate: Export = (writer, inputs, shape) => {
  const rank = shape.length
  const { dim } = writer.as(Concatenate)
  const from = dim < 0 ? dim + rank + 1 : dim
  const axis =
    from <= 1 ? (from === 1 ? -1 : writer.refuse('Concatenate of another dimension than the batch')) : from - 1
  return writer.emit(
    'Concatenate',
    { axis },
    inputs.map((x) => writer.settled(x)),
    shape,
  )
}

const rate = ({ p }: Dropout): object => ({ rate: p })

/** By the module's class. */
export const exports = new Map<unknown, Export>([
  ...convolutions,
  [nn.ReLU, activation('relu')],
  [nn.Sigmoid, activation('sigmoid')],
  [nn.Tanh, activation('tanh')],
  [nn.SELU, activation('selu')],
  [nn.SiLU, activation('swish')],
  [own.HardSigmoid2, activation('hard_sigmoid')],
  [Identity, activation('linear')],
  each(nn.GELU, 'Activation', ({ approximate }, w) => ({
    activation: approximate === 'none' ? 'gelu' : w.refuse('the exact GELU'),
  })),
  each(nn.Softplus, 'Activation', ({ beta }, w) => ({
    activation: beta === 1 ? 'softplus' : w.refuse('Softplus with beta 1'),
  })),
  each(nn.ReLU6, 'ReLU', () => ({ max_value: 6 })),
  [nn.Hardtanh, hardtanh],
  [nn.Hardsigmoid, hardsigmoid],
  each(nn.LeakyReLU, 'LeakyReLU', ({ negativeSlope }) => ({ alpha: negativeSlope })),
  each(nn.ELU, 'ELU', ({ alpha }) => ({ alpha })),
  [nn.PReLU, prelu],
  [own.ElementPReLU, elementPrelu],
  [Softmax, softmax('Softmax', { axis: -1 })],
  [LogSoftmax, softmax('Activation', { activation: 'log_softmax' })],
  [BatchNorm1d, norm('BatchNormalization')],
  [BatchNorm2d, norm('BatchNormalization')],
  [BatchNorm3d, norm('BatchNormalization')],
  [LayerNorm, norm('LayerNormalization')],
  [own.ChannelNorm, norm('LayerNormalization')],
  each(Dropout, 'Dropout', rate),
  each(Dropout1d, 'SpatialDropout1D', rate),
  each(Dropout2d, 'SpatialDropout2D', rate),
  each(Dropout3d, 'SpatialDropout3D', rate),
  each(AlphaDropout, 'AlphaDropout', rate),
  each(own.Rescaling, 'Rescaling', ({ scale, offset }) => ({ scale, offset })),
  [Flatten, flatten],
  [own.ChannelsLastOrder, (_, [x], shape) => ({ ...x!, shape, image: undefined })],
  [own.Reshape, (writer, [x], shape) => writer.emit('Reshape', { target_shape: shape }, [writer.settled(x!)], shape)],
  [
    own.Permute,
    (writer, [x], shape) => writer.emit('Permute', { dims: writer.as(own.Permute).dims }, [writer.settled(x!)], shape),
  ],
  [MaxPool1d, pool('Max', 1)],
  [MaxPool2d, pool('Max', 2)],
  [MaxPool3d, pool('Max', 3)],
  [AvgPool1d, pool('Average', 1)],
  [AvgPool2d, pool('Average', 2)],
  [AvgPool3d, pool('Average', 3)],
  [adaptive.AdaptiveMaxPool1d, adaptivePool('Max', 1)],
  [adaptive.AdaptiveMaxPool2d, adaptivePool('Max', 2)],
  [adaptive.AdaptiveMaxPool3d, adaptivePool('Max', 3)],
  [adaptive.AdaptiveAvgPool1d, adaptivePool('Average', 1)],
  [adaptive.AdaptiveAvgPool2d, adaptivePool('Average', 2)],
  [adaptive.AdaptiveAvgPool3d, adaptivePool('Average', 3)],
  [ZeroPad1d, zeroPad(1)],
  [ZeroPad2d, zeroPad(2)],
  [ZeroPad3d, zeroPad(3)],
  [Upsample, upsample],
  [Add, merge('Add')],
  [Subtract, merge('Subtract')],
  [Multiply, merge('Multiply')],
  [Average, merge('Average')],
  [Maximum, merge('Maximum')],
  [Minimum, merge('Minimum')],
  [Concatenate, concatenate],
])
