import { ReLU } from '../nn/activation.js'
import { AdaptiveAvgPool2d } from '../nn/adaptivePool.js'
import { Conv2d } from '../nn/conv.js'
import { glorotUniform_, zeros_ } from '../nn/init.js'
import { Linear } from '../nn/linear.js'
import { Module } from '../nn/module.js'
import { BatchNorm2d } from '../nn/norm.js'
import { MaxPool2d } from '../nn/pool.js'
import { type Layer, Sequential } from '../nn/sequential.js'
import type { Tensor } from '../tensor.js'
import type { ClassifierOptions } from './options.js'

const batchNorm = (planes: number) => new BatchNorm2d(planes, { eps: 1e-3, momentum: 0.01 })

/** A convolution of each channel by itself, then one of 1×1: `nn.SeparableConv2d` under the names that weights have. */
class SeparableConv extends Module {
  conv1: Conv2d
  pointwise: Conv2d

  constructor(inPlanes: number, planes: number) {
    super()
    this.conv1 = new Conv2d(inPlanes, inPlanes, 3, { padding: 1, groups: inPlanes, bias: false })
    this.pointwise = new Conv2d(inPlanes, planes, 1, { bias: false })
  }

  forward(x: Tensor): Tensor {
    return this.pointwise(this.conv1(x))
  }
}

interface BlockOptions {
  stride?: number
  startWithRelu?: boolean
  /** Whether the first convolution makes the new channels, not the last. */
  growFirst?: boolean
}

/** ReLU, separable convolution and batch norm, some times, beside a shortcut. */
class Block extends Module {
  skip: Conv2d | undefined
  skipbn: BatchNorm2d | undefined
  rep: Sequential

  constructor(inPlanes: number, planes: number, repetitions: number, options: BlockOptions = {}) {
    super()
    const { stride = 1, startWithRelu = true, growFirst = true } = options
    if (planes !== inPlanes || stride !== 1) {
      this.skip = new Conv2d(inPlanes, planes, 1, { stride, bias: false })
      this.skipbn = batchNorm(planes)
    }
    const layers: Layer[] = []
    for (let i = 0; i < repetitions; i++) {
      const from = i > 0 && growFirst ? planes : inPlanes
      const to = i === repetitions - 1 || growFirst ? planes : inPlanes
      layers.push(new ReLU(), new SeparableConv(from, to), batchNorm(to))
    }
    if (!startWithRelu) layers.shift()
    if (stride !== 1) layers.push(new MaxPool2d(3, { stride, padding: 'same' }))
    this.rep = new Sequential(layers)
  }

  forward(x: Tensor): Tensor {
    return this.skip && this.skipbn ? this.skipbn(this.skip(x), false, this.rep(x)) : this.rep(x).add(x)
  }
}

/**
 * [N, 3, 299, 299] → logits [N, numClasses]: Keras' graph, whose batch norm has eps 10⁻³ and whose pools pad as 'same', under
 * the names of its PyTorch ports. 22,855,952 parameters, and 54,528 running statistics. Source: Chollet, "Xception: Deep
 * learning with depthwise separable convolutions", CVPR 2017.
 */
export class Xception extends Module {
  /** [N, 3, 299, 299] → [N, 32, 149, 149]. */
  conv1 = new Conv2d(3, 32, 3, { stride: 2, bias: false })
  /** Followed by ReLU. */
  bn1 = batchNorm(32)
  /** → [N, 64, 147, 147]. */
  conv2 = new Conv2d(32, 64, 3, { bias: false })
  /** Followed by ReLU. */
  bn2 = batchNorm(64)
  /** → [N, 128, 74, 74]. */
  block1 = new Block(64, 128, 2, { stride: 2, startWithRelu: false })
  /** → [N, 256, 37, 37]. */
  block2 = new Block(128, 256, 2, { stride: 2 })
  /** → [N, 728, 19, 19]. */
  block3 = new Block(256, 728, 2, { stride: 2 })
  /** → [N, 728, 19, 19]. */
  block4 = new Block(728, 728, 3)
  /** → [N, 728, 19, 19]. */
  block5 = new Block(728, 728, 3)
  /** → [N, 728, 19, 19]. */
  block6 = new Block(728, 728, 3)
  /** → [N, 728, 19, 19]. */
  block7 = new Block(728, 728, 3)
  /** → [N, 728, 19, 19]. */
  block8 = new Block(728, 728, 3)
  /** → [N, 728, 19, 19]. */
  block9 = new Block(728, 728, 3)
  /** → [N, 728, 19, 19]. */
  block10 = new Block(728, 728, 3)
  /** → [N, 728, 19, 19]. */
  block11 = new Block(728, 728, 3)
  /** → [N, 1024, 10, 10]. */
  block12 = new Block(728, 1024, 2, { stride: 2, growFirst: false })
  /** → [N, 1536, 10, 10]. */
  conv3 = new SeparableConv(1024, 1536)
  /** Followed by ReLU. */
  bn3 = batchNorm(1536)
  /** → [N, 2048, 10, 10]. */
  conv4 = new SeparableConv(1536, 2048)
  /** Followed by ReLU. */
  bn4 = batchNorm(2048)
  /** → [N, 2048, 1, 1]. */
  avgpool = new AdaptiveAvgPool2d(1)
  /** [N, 2048] → [N, numClasses]. */
  fc: Linear

  constructor({ numClasses = 1000 }: ClassifierOptions = {}) {
    super()
    this.fc = new Linear(2048, numClasses)
    for (const module of this.modules())
      if (module instanceof Conv2d || module instanceof Linear) glorotUniform_(module.weight)
    zeros_(this.fc.bias!)
  }

  /**
   * @param x [N, 3, H, W]; 299 as trained
   * @returns logits [N, numClasses]
   */
  forward(x: Tensor): Tensor {
    let h = this.bn2(this.conv2(this.bn1(this.conv1(x), true)), true)
    h = this.block3(this.block2(this.block1(h)))
    h = this.block7(this.block6(this.block5(this.block4(h))))
    h = this.block12(this.block11(this.block10(this.block9(this.block8(h)))))
    h = this.bn4(this.conv4(this.bn3(this.conv3(h), true)), true)
    return this.fc(this.avgpool(h).flatten(1))
  }
}

/** See {@link Xception}. */
export const xception = (options: ClassifierOptions = {}): Xception => new Xception(options)
