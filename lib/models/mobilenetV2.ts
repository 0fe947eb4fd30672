import { describe } from '../errors.js'
import { ReLU6 } from '../nn/activation.js'
import { AdaptiveAvgPool2d } from '../nn/adaptivePool.js'
import { Conv2d } from '../nn/conv.js'
import { Dropout } from '../nn/dropout.js'
import { normal_, zeros_ } from '../nn/init.js'
import { Linear } from '../nn/linear.js'
import { Module } from '../nn/module.js'
import { BatchNorm2d } from '../nn/norm.js'
import { type Layer, Sequential } from '../nn/sequential.js'
import { add } from '../ops/elementwise.js'
import type { Tensor } from '../tensor.js'
import { initConvolutions } from './init.js'
import type { ClassifierOptions, DropoutOption } from './options.js'

export interface MobileNetV2Options extends ClassifierOptions, DropoutOption {
  /** Factor on the channels of all layers, whose numbers are rounded to multiples of 8; default 1. */
  widthMult?: number
}

const convNormActivation = (inPlanes: number, planes: number, kernel: number, stride = 1, groups = 1) =>
  new Sequential(
    new Conv2d(inPlanes, planes, kernel, { stride, padding: (kernel - 1) / 2, groups, bias: false }),
    new BatchNorm2d(planes),
    new ReLU6(),
  )

/** To more channels, a convolution of each by itself, and back to few, with no activation; beside a shortcut where one fits. */
export class InvertedResidual extends Module {
  /** Expansion by 1×1, depthwise 3×3, projection by 1×1. */
  conv: Sequential
  /** Whether the input is added: shapes are the same, and the stride is 1. */
  readonly useResConnect: boolean

  /**
   * @param inPlanes channels of the input
   * @param planes channels of the result
   * @param stride of the depthwise convolution
   * @param expandRatio channels in between, by those of the input
   */
  constructor(inPlanes: number, planes: number, stride: number, expandRatio: number) {
    super()
    const hidden = inPlanes * expandRatio
    this.useResConnect = stride === 1 && inPlanes === planes
    const layers: Layer[] = expandRatio === 1 ? [] : [convNormActivation(inPlanes, hidden, 1)]
    layers.push(
      convNormActivation(hidden, hidden, 3, stride, hidden),
      new Conv2d(hidden, planes, 1, { bias: false }),
      new BatchNorm2d(planes),
    )
    this.conv = new Sequential(layers)
  }

  /**
   * @param x [N, in, H, W]
   * @returns [N, out, H / stride, W / stride]
   */
  forward(x: Tensor): Tensor {
    return this.useResConnect ? add(x, this.conv(x)) : this.conv(x)
  }
}

/** Factor on the channels inside, channels, blocks, and stride of the first of them. */
const stages = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const

/** The nearest multiple of 8, but not less than 90 % of the value. */
function divisible(value: number): number {
  const nearest = Math.max(8, Math.floor((value + 4) / 8) * 8)
  return nearest < 0.9 * value ? nearest + 8 : nearest
}

/**
 * [N, 3, 224, 224] → logits [N, numClasses]. 3,504,872 parameters. Source: Sandler et al., "MobileNetV2: Inverted residuals
 * and linear bottlenecks", CVPR 2018. Names and weights are torchvision's.
 */
export class MobileNetV2 extends Module {
  /** [N, 3, 224, 224] → [N, 1280, 7, 7]. */
  features: Sequential
  /** → [N, 1280, 1, 1]. */
  avgpool = new AdaptiveAvgPool2d(1)
  /** [N, 1280] → [N, numClasses]: dropout and a linear layer. */
  classifier: Sequential

  /**
   * @param options dropout: default 0.2
   * @throws {RangeError} unless widthMult is positive
   */
  constructor({ numClasses = 1000, widthMult = 1, dropout = 0.2 }: MobileNetV2Options = {}) {
    super()
    if (!(widthMult > 0 && widthMult < Infinity))
      throw new RangeError(`MobileNetV2: expected widthMult to be positive, got ${describe(widthMult)}`)
    let channels = divisible(32 * widthMult)
    const layers: Layer[] = [convNormActivation(3, channels, 3, 2)]
    for (const [expandRatio, width, blocks, stride] of stages)
      for (let i = 0; i < blocks; i++) {
        const planes = divisible(width * widthMult)
        layers.push(new InvertedResidual(channels, planes, i === 0 ? stride : 1, expandRatio))
        channels = planes
      }
    const last = divisible(1280 * Math.max(1, widthMult))
    layers.push(convNormActivation(channels, last, 1))
    this.features = new Sequential(layers)
    const linear = new Linear(last, numClasses)
    this.classifier = new Sequential(new Dropout(dropout), linear)
    initConvolutions(this)
    normal_(linear.weight, 0, 0.01)
    zeros_(linear.bias!)
  }

  /**
   * @param x [N, 3, H, W]; 224 as trained
   * @returns logits [N, numClasses]
   */
  forward(x: Tensor): Tensor {
    return this.classifier(this.avgpool(this.features(x)).flatten(1))
  }
}

/** See {@link MobileNetV2}; torchvision's mobilenet_v2. */
export const mobilenetV2 = (options: MobileNetV2Options = {}): MobileNetV2 => new MobileNetV2(options)
