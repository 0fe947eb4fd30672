import {
  AdaptiveAvgPool1d,
  AdaptiveAvgPool2d,
  AdaptiveAvgPool3d,
  AdaptiveMaxPool1d,
  AdaptiveMaxPool2d,
  AdaptiveMaxPool3d,
} from '../../nn/adaptivePool.js'
import { Flatten } from '../../nn/flatten.js'
import type { Module } from '../../nn/module.js'
import { AvgPool1d, AvgPool2d, AvgPool3d, MaxPool1d, MaxPool2d, MaxPool3d } from '../../nn/pool.js'
import type { Builder } from '../layer.js'
import { slid } from './convolution.js'

type Make = new (kernelSize: never, options: object) => Module
const pools = {
  max: [MaxPool1d, MaxPool2d, MaxPool3d] as unknown as Make[],
  average: [AvgPool1d, AvgPool2d, AvgPool3d] as unknown as Make[],
}
const globals = {
  max: [AdaptiveMaxPool1d, AdaptiveMaxPool2d, AdaptiveMaxPool3d],
  average: [AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveAvgPool3d],
}

const pool =
  (kind: keyof typeof pools, rank: number): Builder =>
  (layer, x) => {
    const { fields } = layer
    layer.checkRank(x, rank + 1)
    const kernel = fields.sizes('pool_size', rank, 2)
    const strides = fields.sizes('strides', rank, kernel)
    const padding = fields.word('padding', ['valid', 'same'], 'valid')
    // TensorFlow's averages leave padding out.
    const options = { stride: strides, padding, ...(kind === 'average' && { countIncludePad: false }) }
    const module = new pools[kind][rank - 1]!(kernel as never, options)
    const window = { kernel, strides, dilation: kernel.map(() => 1), padding, causal: 0 }
    return (x) => layer.call(module, [x], [...slid(layer, x, window), layer.channels(x)])
  }

const globalPool =
  (kind: keyof typeof globals, rank: number): Builder =>
  (layer, x) => {
    layer.checkRank(x, rank + 1)
    const module = new globals[kind][rank - 1]!(1)
    const flatten = layer.fields.flag('keepdims', false) ? undefined : new Flatten()
    return (x) => {
      const channels = layer.channels(x)
      const y = layer.call(module, [x], [...new Array<number>(rank).fill(1), channels])
      return flatten ? layer.call(flatten, [y], [channels], '_flatten') : y
    }
  }

export const poolingLayers: Readonly<Record<string, Builder>> = Object.fromEntries(
  [1, 2, 3].flatMap((rank) => [
    [`MaxPooling${rank}D`, pool('max', rank)],
    [`MaxPool${rank}D`, pool('max', rank)],
    [`AveragePooling${rank}D`, pool('average', rank)],
    [`AvgPool${rank}D`, pool('average', rank)],
    [`GlobalMaxPooling${rank}D`, globalPool('max', rank)],
    [`GlobalMaxPool${rank}D`, globalPool('max', rank)],
    [`GlobalAveragePooling${rank}D`, globalPool('average', rank)],
    [`GlobalAvgPool${rank}D`, globalPool('average', rank)],
  ]),
)
