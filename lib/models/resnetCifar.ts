import { Conv2d } from '../nn/conv.js'
import { AdaptiveAvgPool2d } from '../nn/adaptivePool.js'
import { kaimingNormal_ } from '../nn/init.js'
import { Linear } from '../nn/linear.js'
import { Module } from '../nn/module.js'
import { BatchNorm2d } from '../nn/norm.js'
import { Sequential } from '../nn/sequential.js'
import { pad } from '../ops/pad.js'
import { avgPool2d } from '../ops/pool.js'
import type { Tensor } from '../tensor.js'
import type { ClassifierOptions } from './options.js'

const conv3x3 = (inPlanes: number, planes: number, stride = 1) =>
  new Conv2d(inPlanes, planes, 3, { stride, padding: 1, bias: false })

/** Option A of the paper: every second pixel, and zeros for the new channels, half before and half behind. */
function padded(x: Tensor, newPlanes: number): Tensor {
  return pad(avgPool2d(x, 1, { stride: 2 }), [0, 0, 0, 0, newPlanes / 2, newPlanes / 2])
}

/** Two convolutions of 3×3 beside a shortcut without parameters. */
class Block extends Module {
  conv1: Conv2d
  bn1: BatchNorm2d
  conv2: Conv2d
  bn2: BatchNorm2d

  constructor(
    private readonly inPlanes: number,
    private readonly planes: number,
    stride: number,
  ) {
    super()
    this.conv1 = conv3x3(inPlanes, planes, stride)
    this.bn1 = new BatchNorm2d(planes)
    this.conv2 = conv3x3(planes, planes)
    this.bn2 = new BatchNorm2d(planes)
  }

  forward(x: Tensor): Tensor {
    const h = this.conv2(this.bn1(this.conv1(x), true))
    return this.bn2(h, true, this.inPlanes === this.planes ? x : padded(x, this.planes - this.inPlanes))
  }
}

/**
 * The paper's small ResNet for CIFAR: [N, 3, 32, 32] → logits [N, numClasses], three stages of 16, 32 and 64 channels.
 * Source: He et al., "Deep residual learning for image recognition", CVPR 2016, section 4.2, with shortcuts of option A. Names
 * are those of akamaster's pytorch_resnet_cifar10, without `module.` before them.
 */
export class CifarResNet extends Module {
  /** [N, 3, 32, 32] → [N, 16, 32, 32]. */
  conv1 = conv3x3(3, 16)
  /** Followed by ReLU. */
  bn1 = new BatchNorm2d(16)
  /** → [N, 16, 32, 32]. */
  layer1: Sequential
  /** → [N, 32, 16, 16]. */
  layer2: Sequential
  /** → [N, 64, 8, 8]. */
  layer3: Sequential
  /** → [N, 64, 1, 1]. */
  avgpool = new AdaptiveAvgPool2d(1)
  /** [N, 64] → [N, numClasses]. */
  linear: Linear

  /**
   * @param blocks in each stage; there are 6 · blocks + 2 layers
   * @param options numClasses: default 10
   */
  constructor(blocks: number, { numClasses = 10 }: ClassifierOptions = {}) {
    super()
    const stage = (inPlanes: number, planes: number) =>
      new Sequential(
        Array.from({ length: blocks }, (_, i) =>
          i === 0 ? new Block(inPlanes, planes, planes / inPlanes) : new Block(planes, planes, 1),
        ),
      )
    this.layer1 = stage(16, 16)
    this.layer2 = stage(16, 32)
    this.layer3 = stage(32, 64)
    this.linear = new Linear(64, numClasses)
    for (const module of this.modules())
      if (module instanceof Conv2d || module instanceof Linear) kaimingNormal_(module.weight)
  }

  /**
   * @param x [N, 3, 32, 32]
   * @returns logits [N, numClasses]
   */
  forward(x: Tensor): Tensor {
    const h = this.bn1(this.conv1(x), true)
    return this.linear(this.avgpool(this.layer3(this.layer2(this.layer1(h)))).flatten(1))
  }
}

/** {@link CifarResNet} of 20 layers: 269,722 parameters. */
export const resnet20 = (options: ClassifierOptions = {}): CifarResNet => new CifarResNet(3, options)
/** {@link CifarResNet} of 32 layers: 464,154 parameters. */
export const resnet32 = (options: ClassifierOptions = {}): CifarResNet => new CifarResNet(5, options)
/** {@link CifarResNet} of 56 layers: 853,018 parameters. */
export const resnet56 = (options: ClassifierOptions = {}): CifarResNet => new CifarResNet(9, options)
