import { Conv2d, type Conv2dOptions } from '../nn/conv.js'
import { normal_ } from '../nn/init.js'
import { Linear } from '../nn/linear.js'
import { Module } from '../nn/module.js'
import { BatchNorm2d } from '../nn/norm.js'
import type { Pair } from '../nn/validate.js'
import { cat } from '../ops/join.js'
import { split } from '../ops/slice.js'
import type { Tensor } from '../tensor.js'

/** The inception networks' convolution, batch norm and ReLU, which the norm does. */
export class BasicConv2d extends Module {
  conv: Conv2d
  bn: BatchNorm2d

  constructor(inChannels: number, outChannels: number, kernelSize: Pair, options: Conv2dOptions = {}) {
    super()
    this.conv = new Conv2d(inChannels, outChannels, kernelSize, { ...options, bias: false })
    this.bn = new BatchNorm2d(outChannels, { eps: 1e-3 })
  }

  forward(x: Tensor): Tensor {
    return this.bn(this.conv(x), true)
  }
}

/**
 * Weights N(0, std²). torchvision cuts them off at ±2, which is 20 standard deviations and more, so that none is.
 * @param stdOf by path
 */
export function initNormal(model: Module, stdOf: (path: string) => number): void {
  for (const [path, module] of model.namedModules())
    if (module instanceof Conv2d || module instanceof Linear) normal_(module.weight, 0, stdOf(path))
}

/** Mean and standard deviation of ImageNet's channels, in 0 … 1. */
const statistics = [
  [0.485, 0.229],
  [0.456, 0.224],
  [0.406, 0.225],
] as const

/** From images normalised by ImageNet's statistics to ones in −1 … 1, which TensorFlow's weights want. */
export const rescaled = (x: Tensor): Tensor =>
  cat(
    split(x, 1, 1).map((channel, i) => {
      const [mean, std] = statistics[i]!
      return channel.mul(std / 0.5).add((mean - 0.5) / 0.5)
    }),
    1,
  )

/** What GoogLeNet and Inception-v3 are told. */
export interface InceptionOptions {
  /** Whether there are auxiliary classifiers for training; default true. */
  auxLogits?: boolean
  /** Whether images that are normalised by ImageNet's statistics are brought to −1 … 1, for weights from TensorFlow. Default false. */
  transformInput?: boolean
}
