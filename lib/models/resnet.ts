import { AdaptiveAvgPool2d } from '../nn/adaptivePool.js'
import { Conv2d } from '../nn/conv.js'
import { zeros_ } from '../nn/init.js'
import { Linear } from '../nn/linear.js'
import { Module } from '../nn/module.js'
import { BatchNorm2d } from '../nn/norm.js'
import { MaxPool2d } from '../nn/pool.js'
import { Sequential } from '../nn/sequential.js'
import type { Tensor } from '../tensor.js'
import { initConvolutions } from './init.js'
import type { ClassifierOptions } from './options.js'

const conv3x3 = (inPlanes: number, planes: number, stride = 1) =>
  new Conv2d(inPlanes, planes, 3, { stride, padding: 1, bias: false })
const conv1x1 = (inPlanes: number, planes: number, stride = 1) =>
  new Conv2d(inPlanes, planes, 1, { stride, bias: false })

/** Brings a shortcut to another number of channels, and with stride 2 to half the size. */
const projection = (inPlanes: number, planes: number, stride: number) =>
  stride === 1 && inPlanes === planes
    ? undefined
    : new Sequential(conv1x1(inPlanes, planes, stride), new BatchNorm2d(planes))

/** Two convolutions of 3×3 beside a shortcut. The ReLUs, and the sum, are done by the norms. */
export class BasicBlock extends Module {
  /** Channels that come out, by `planes`. */
  static readonly expansion = 1
  /** 3×3, with the block's stride. */
  conv1: Conv2d
  /** Followed by ReLU. */
  bn1: BatchNorm2d
  /** 3×3. */
  conv2: Conv2d
  /** To which the shortcut is added. */
  bn2: BatchNorm2d
  /** The shortcut's 1×1 convolution, where shapes differ. */
  downsample: Sequential | undefined

  /**
   * @param inPlanes channels of the input
   * @param planes channels of the result
   * @param stride of the first convolution; default 1
   */
  constructor(inPlanes: number, planes: number, stride = 1) {
    super()
    this.conv1 = conv3x3(inPlanes, planes, stride)
    this.bn1 = new BatchNorm2d(planes)
    this.conv2 = conv3x3(planes, planes)
    this.bn2 = new BatchNorm2d(planes)
    this.downsample = projection(inPlanes, planes, stride)
  }

  /**
   * @param x [N, inPlanes, H, W]
   * @returns [N, planes, H / stride, W / stride]
   */
  forward(x: Tensor): Tensor {
    const h = this.conv2(this.bn1(this.conv1(x), true))
    return this.bn2(h, true, this.downsample ? this.downsample(x) : x)
  }
}

/**
 * Convolutions of 1×1, 3×3 and 1×1 beside a shortcut; the stride is the middle one's, as in torchvision (ResNet v1.5). The
 * ReLUs, and the sum, are done by the norms.
 */
export class Bottleneck extends Module {
  /** Channels that come out, by `planes`. */
  static readonly expansion = 4
  /** 1×1, to fewer channels. */
  conv1: Conv2d
  /** Followed by ReLU. */
  bn1: BatchNorm2d
  /** 3×3, with the block's stride. */
  conv2: Conv2d
  /** Followed by ReLU. */
  bn2: BatchNorm2d
  /** 1×1, to four times as many channels. */
  conv3: Conv2d
  /** To which the shortcut is added. */
  bn3: BatchNorm2d
  /** The shortcut's 1×1 convolution, where shapes differ. */
  downsample: Sequential | undefined

  /**
   * @param inPlanes channels of the input
   * @param planes channels in between; four times as many come out
   * @param stride of the 3×3 convolution; default 1
   */
  constructor(inPlanes: number, planes: number, stride = 1) {
    super()
    const outPlanes = planes * Bottleneck.expansion
    this.conv1 = conv1x1(inPlanes, planes)
    this.bn1 = new BatchNorm2d(planes)
    this.conv2 = conv3x3(planes, planes, stride)
    this.bn2 = new BatchNorm2d(planes)
    this.conv3 = conv1x1(planes, outPlanes)
    this.bn3 = new BatchNorm2d(outPlanes)
    this.downsample = projection(inPlanes, outPlanes, stride)
  }

  /**
   * @param x [N, inPlanes, H, W]
   * @returns [N, 4 · planes, H / stride, W / stride]
   */
  forward(x: Tensor): Tensor {
    const h = this.conv3(this.bn2(this.conv2(this.bn1(this.conv1(x), true)), true))
    return this.bn3(h, true, this.downsample ? this.downsample(x) : x)
  }
}

export interface ResNetOptions extends ClassifierOptions {
  /** Whether blocks begin as their shortcuts alone: the last norm of each has weight 0. Default false. */
  zeroInitResidual?: boolean
}

/**
 * [N, 3, 224, 224] → logits [N, numClasses]; other sizes from 32×32 on do too. Source: He et al., "Deep residual learning
 * for image recognition", CVPR 2016. Names and weights are torchvision's.
 */
export class ResNet extends Module {
  /** [N, 3, 224, 224] → [N, 64, 112, 112]. */
  conv1 = new Conv2d(3, 64, 7, { stride: 2, padding: 3, bias: false })
  /** Followed by ReLU. */
  bn1 = new BatchNorm2d(64)
  /** → [N, 64, 56, 56]. */
  maxpool = new MaxPool2d(3, { stride: 2, padding: 1 })
  /** → [N, 64 · expansion, 56, 56]; expansion is 1, and 4 from ResNet-50 on. */
  layer1: Sequential
  /** → [N, 128 · expansion, 28, 28]. */
  layer2: Sequential
  /** → [N, 256 · expansion, 14, 14]. */
  layer3: Sequential
  /** → [N, 512 · expansion, 7, 7]. */
  layer4: Sequential
  /** → [N, 512 · expansion, 1, 1]. */
  avgpool = new AdaptiveAvgPool2d(1)
  /** [N, 512 · expansion] → [N, numClasses]. */
  fc: Linear

  /**
   * @param block `BasicBlock` or `Bottleneck`
   * @param layers blocks in each of the four layers
   */
  constructor(
    block: typeof BasicBlock | typeof Bottleneck,
    layers: readonly [number, number, number, number],
    { numClasses = 1000, zeroInitResidual = false }: ResNetOptions = {},
  ) {
    super()
    let inPlanes = 64
    const layer = (planes: number, blocks: number, stride: number) =>
      new Sequential(
        Array.from({ length: blocks }, (_, i) => {
          const made = new block(inPlanes, planes, i === 0 ? stride : 1)
          inPlanes = planes * block.expansion
          return made
        }),
      )
    this.layer1 = layer(64, layers[0], 1)
    this.layer2 = layer(128, layers[1], 2)
    this.layer3 = layer(256, layers[2], 2)
    this.layer4 = layer(512, layers[3], 2)
    this.fc = new Linear(inPlanes, numClasses)
    initConvolutions(this)
    if (!zeroInitResidual) return
    for (const module of this.modules()) {
      if (module instanceof BasicBlock) zeros_(module.bn2.weight!)
      if (module instanceof Bottleneck) zeros_(module.bn3.weight!)
    }
  }

  /**
   * @param x [N, 3, H, W]; 224 as trained
   * @returns logits [N, numClasses]
   */
  forward(x: Tensor): Tensor {
    let h = this.maxpool(this.bn1(this.conv1(x)), true)
    h = this.layer4(this.layer3(this.layer2(this.layer1(h))))
    return this.fc(this.avgpool(h).flatten(1))
  }
}

/** {@link ResNet} of 18 layers: 11,689,512 parameters. */
export const resnet18 = (options: ResNetOptions = {}): ResNet => new ResNet(BasicBlock, [2, 2, 2, 2], options)
/** {@link ResNet} of 34 layers: 21,797,672 parameters. */
export const resnet34 = (options: ResNetOptions = {}): ResNet => new ResNet(BasicBlock, [3, 4, 6, 3], options)
/** {@link ResNet} of 50 layers: 25,557,032 parameters. */
export const resnet50 = (options: ResNetOptions = {}): ResNet => new ResNet(Bottleneck, [3, 4, 6, 3], options)
/** {@link ResNet} of 101 layers: 44,549,160 parameters. */
export const resnet101 = (options: ResNetOptions = {}): ResNet => new ResNet(Bottleneck, [3, 4, 23, 3], options)
/** {@link ResNet} of 152 layers: 60,192,808 parameters. */
export const resnet152 = (options: ResNetOptions = {}): ResNet => new ResNet(Bottleneck, [3, 8, 36, 3], options)
