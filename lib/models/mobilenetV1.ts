import { ReLU6 } from '../nn/activation.js'
import { AdaptiveAvgPool2d } from '../nn/adaptivePool.js'
import { Conv2d } from '../nn/conv.js'
import { Dropout } from '../nn/dropout.js'
import { Flatten } from '../nn/flatten.js'
import { glorotUniform_, zeros_ } from '../nn/init.js'
import { BatchNorm2d } from '../nn/norm.js'
import { type Layer, Sequential } from '../nn/sequential.js'
import type { ClassifierOptions, DropoutOption } from './options.js'

export interface MobileNetV1Options extends ClassifierOptions, DropoutOption {
  /** Factor on the channels of all layers; Google trained 0.25, 0.5, 0.75 and 1, the default. */
  alpha?: number
}

/** Channels at alpha 1 and stride of the 13 blocks of a depthwise and a pointwise convolution. */
const blocks = [
  [64, 1],
  [128, 2],
  [128, 1],
  [256, 2],
  [256, 1],
  [512, 2],
  [512, 1],
  [512, 1],
  [512, 1],
  [512, 1],
  [512, 1],
  [1024, 2],
  [1024, 1],
] as const

/**
 * [N, 3, 224, 224] → logits [N, numClasses]: Keras' graph under Keras' names of layers, with ReLU6, batch norm with eps
 * 10⁻³ and padding 'same', of which the odd zero is at the far end. 4,231,976 parameters, and 21,888 running statistics, at
 * alpha 1. Source: Howard et al., "MobileNets: Efficient convolutional neural networks for mobile vision applications", 2017.
 * Weights of Keras and TensorFlow.js fit through `keras.toStateDict`.
 */
export class MobileNetV1 extends Sequential {
  /**
   * @param options dropout: default 0.001
   * @throws {RangeError} when alpha leaves a layer without channels
   */
  constructor({ numClasses = 1000, alpha = 1, dropout = 1e-3 }: MobileNetV1Options = {}) {
    const layers: Record<string, Layer> = {}
    const add = (name: string, conv: Conv2d): number => {
      layers[name] = conv
      layers[`${name}_bn`] = new BatchNorm2d(conv.outChannels, { eps: 1e-3, momentum: 0.01 })
      layers[`${name}_relu`] = new ReLU6()
      return conv.outChannels
    }
    const same = { padding: 'same', bias: false } as const
    let channels = add('conv1', new Conv2d(3, Math.trunc(32 * alpha), 3, { ...same, stride: 2 }))
    for (const [i, [width, stride]] of blocks.entries()) {
      add(`conv_dw_${i + 1}`, new Conv2d(channels, channels, 3, { ...same, stride, groups: channels }))
      channels = add(`conv_pw_${i + 1}`, new Conv2d(channels, Math.trunc(width * alpha), 1, same))
    }
    layers.global_average_pooling2d = new AdaptiveAvgPool2d(1)
    layers.dropout = new Dropout(dropout)
    layers.conv_preds = new Conv2d(channels, numClasses, 1)
    layers.flatten = new Flatten()
    super(layers)
    for (const layer of this.children()) {
      if (!(layer instanceof Conv2d)) continue
      glorotUniform_(layer.weight)
      if (layer.bias) zeros_(layer.bias)
    }
  }
}

/** See {@link MobileNetV1}. */
export const mobilenetV1 = (options: MobileNetV1Options = {}): MobileNetV1 => new MobileNetV1(options)
