import type { Tensor } from '../tensor.js'
import { Conv2d, type Conv2dOptions } from './conv.js'
import { Module } from './module.js'
import { type Pair, positiveInteger } from './validate.js'

/** Options of {@link SeparableConv2d}. */
export interface SeparableConv2dOptions extends Omit<Conv2dOptions, 'groups'> {
  /** Filters per input channel; default 1. */
  depthMultiplier?: number
}

/**
 * A convolution of each channel by itself, then one of 1×1 that mixes them and adds the bias: Keras' SeparableConv2D.
 * [N, inChannels, H, W] → [N, outChannels, P, Q]. Source: Chollet, "Xception: Deep learning with depthwise separable
 * convolutions", CVPR 2017.
 */
export class SeparableConv2d extends Module {
  /** [inChannels · depthMultiplier, 1, height, width]; no bias */
  depthwise: Conv2d
  /** [outChannels, inChannels · depthMultiplier, 1, 1] */
  pointwise: Conv2d

  /** @throws RangeError when a size is not a positive integer */
  constructor(inChannels: number, outChannels: number, kernelSize: Pair, options: SeparableConv2dOptions = {}) {
    super()
    const { depthMultiplier = 1, bias = true, stride, padding, dilation, ...factory } = options
    const groups = positiveInteger('SeparableConv2d', 'inChannels', inChannels)
    const middle = inChannels * positiveInteger('SeparableConv2d', 'depthMultiplier', depthMultiplier)
    const window = { stride, padding, dilation, groups, bias: false }
    this.depthwise = new Conv2d(inChannels, middle, kernelSize, { ...factory, ...window })
    this.pointwise = new Conv2d(middle, outChannels, 1, { ...factory, bias })
  }

  forward(x: Tensor): Tensor {
    return this.pointwise(this.depthwise(x))
  }
}
