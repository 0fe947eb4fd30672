import { AdaptiveAvgPool2d } from '../nn/adaptivePool.js'
import { Dropout } from '../nn/dropout.js'
import { Linear } from '../nn/linear.js'
import { Module } from '../nn/module.js'
import { MaxPool2d } from '../nn/pool.js'
import { Sequential } from '../nn/sequential.js'
import { relu } from '../ops/activation.js'
import { adaptiveAvgPool2d } from '../ops/adaptivePool.js'
import { cat } from '../ops/join.js'
import type { Tensor } from '../tensor.js'
import { BasicConv2d, type InceptionOptions, initNormal, rescaled } from './basicConv.js'
import type { ClassifierOptions, DropoutOption, InitOption } from './options.js'

export interface GoogLeNetOptions extends ClassifierOptions, DropoutOption, InitOption, InceptionOptions {
  /** Probability of a zero in the auxiliary classifiers; default 0.7. */
  dropoutAux?: number
}

/** What `auxiliary` gives: logits [N, numClasses] each. */
export interface GoogLeNetOutputs {
  /** [N, numClasses]. */
  logits: Tensor
  /** From behind inception4d. */
  auxLogits2: Tensor
  /** From behind inception4a. */
  auxLogits1: Tensor
}

/** Filters of 1×1, of 3×3 twice (the second was 5×5 in the paper; torchvision's weights are 3×3), and a pool, side by side. */
class Inception extends Module {
  branch1: BasicConv2d
  branch2: Sequential
  branch3: Sequential
  branch4: Sequential

  constructor(
    inChannels: number,
    ch1x1: number,
    ch3x3red: number,
    ch3x3: number,
    ch5x5red: number,
    ch5x5: number,
    poolProj: number,
  ) {
    super()
    this.branch1 = new BasicConv2d(inChannels, ch1x1, 1)
    this.branch2 = new Sequential(
      new BasicConv2d(inChannels, ch3x3red, 1),
      new BasicConv2d(ch3x3red, ch3x3, 3, { padding: 1 }),
    )
    this.branch3 = new Sequential(
      new BasicConv2d(inChannels, ch5x5red, 1),
      new BasicConv2d(ch5x5red, ch5x5, 3, { padding: 1 }),
    )
    this.branch4 = new Sequential(
      new MaxPool2d(3, { stride: 1, padding: 1, ceilMode: true }),
      new BasicConv2d(inChannels, poolProj, 1),
    )
  }

  forward(x: Tensor): Tensor {
    return cat([this.branch1(x), this.branch2(x), this.branch3(x), this.branch4(x)], 1)
  }
}

class InceptionAux extends Module {
  conv: BasicConv2d
  fc1 = new Linear(2048, 1024)
  fc2: Linear
  dropout: Dropout

  constructor(inChannels: number, numClasses: number, dropout: number) {
    super()
    this.conv = new BasicConv2d(inChannels, 128, 1)
    this.fc2 = new Linear(1024, numClasses)
    this.dropout = new Dropout(dropout)
  }

  forward(x: Tensor): Tensor {
    const h = this.conv(adaptiveAvgPool2d(x, 4)).flatten(1)
    return this.fc2(this.dropout(relu(this.fc1(h))))
  }
}

const pool = (kernelSize: number) => new MaxPool2d(kernelSize, { stride: 2, ceilMode: true })

/**
 * [N, 3, 224, 224] (15×15 and more) → logits [N, numClasses]. 6,624,904 parameters, and 6,379,984 of two auxiliary
 * classifiers, which `auxiliary` runs in training. Source: Szegedy et al., "Going deeper with convolutions", CVPR 2015. Names
 * and weights are torchvision's.
 */
export class GoogLeNet extends Module {
  /** [N, 3, 224, 224] → [N, 64, 112, 112]. */
  conv1 = new BasicConv2d(3, 64, 7, { stride: 2, padding: 3 })
  /** → [N, 64, 56, 56]. */
  maxpool1 = pool(3)
  /** → [N, 64, 56, 56]. */
  conv2 = new BasicConv2d(64, 64, 1)
  /** → [N, 192, 56, 56]. */
  conv3 = new BasicConv2d(64, 192, 3, { padding: 1 })
  /** → [N, 192, 28, 28]. */
  maxpool2 = pool(3)
  /** → [N, 256, 28, 28]. */
  inception3a = new Inception(192, 64, 96, 128, 16, 32, 32)
  /** → [N, 480, 28, 28]. */
  inception3b = new Inception(256, 128, 128, 192, 32, 96, 64)
  /** → [N, 480, 14, 14]. */
  maxpool3 = pool(3)
  /** → [N, 512, 14, 14]. */
  inception4a = new Inception(480, 192, 96, 208, 16, 48, 64)
  /** → [N, 512, 14, 14]. */
  inception4b = new Inception(512, 160, 112, 224, 24, 64, 64)
  /** → [N, 512, 14, 14]. */
  inception4c = new Inception(512, 128, 128, 256, 24, 64, 64)
  /** → [N, 528, 14, 14]. */
  inception4d = new Inception(512, 112, 144, 288, 32, 64, 64)
  /** → [N, 832, 14, 14]. */
  inception4e = new Inception(528, 256, 160, 320, 32, 128, 128)
  /** → [N, 832, 7, 7]. */
  maxpool4 = pool(2)
  /** → [N, 832, 7, 7]. */
  inception5a = new Inception(832, 256, 160, 320, 32, 128, 128)
  /** → [N, 1024, 7, 7]. */
  inception5b = new Inception(832, 384, 192, 384, 48, 128, 128)
  /** From what inception4a gives to logits; undefined without `auxLogits`. */
  aux1: InceptionAux | undefined
  /** From what inception4d gives to logits; undefined without `auxLogits`. */
  aux2: InceptionAux | undefined
  /** → [N, 1024, 1, 1]. */
  avgpool = new AdaptiveAvgPool2d(1)
  /** Before the last layer. */
  dropout: Dropout
  /** [N, 1024] → [N, numClasses]. */
  fc: Linear
  /** Whether images normalised as torchvision's are moved to from −1 to 1 first. */
  readonly transformInput: boolean

  /** @param options dropout: default 0.2 */
  constructor(options: GoogLeNetOptions = {}) {
    super()
    const { numClasses = 1000, dropout = 0.2, dropoutAux = 0.7, auxLogits = true, initWeights = true } = options
    this.transformInput = options.transformInput ?? false
    if (auxLogits) {
      this.aux1 = new InceptionAux(512, numClasses, dropoutAux)
      this.aux2 = new InceptionAux(528, numClasses, dropoutAux)
    }
    this.dropout = new Dropout(dropout)
    this.fc = new Linear(1024, numClasses)
    if (initWeights) initNormal(this, () => 0.01)
  }

  /**
   * @param x [N, 3, H, W]; 224 as trained
   * @returns logits [N, numClasses]
   */
  forward(x: Tensor): Tensor {
    return this.classify(this.middle(this.first(x)))
  }

  /**
   * The logits with those of the auxiliary classifiers, whose losses weigh 0.3 each in the paper. (torchvision's forward
   * gives these in training mode.)
   * @throws {TypeError} when there are none, by `auxLogits: false`
   */
  auxiliary(x: Tensor): GoogLeNetOutputs {
    if (!this.aux1 || !this.aux2) throw new TypeError('GoogLeNet: expected auxiliary classifiers, got auxLogits: false')
    const first = this.first(x)
    const middle = this.middle(first)
    return { logits: this.classify(middle), auxLogits2: this.aux2(middle), auxLogits1: this.aux1(first) }
  }

  /** As far as inception4a. */
  private first(x: Tensor): Tensor {
    let h = this.maxpool1(this.conv1(this.transformInput ? rescaled(x) : x))
    h = this.maxpool2(this.conv3(this.conv2(h)))
    h = this.maxpool3(this.inception3b(this.inception3a(h)))
    return this.inception4a(h)
  }

  /** From there to inception4d. */
  private middle(x: Tensor): Tensor {
    return this.inception4d(this.inception4c(this.inception4b(x)))
  }

  private classify(x: Tensor): Tensor {
    const h = this.inception5b(this.inception5a(this.maxpool4(this.inception4e(x))))
    return this.fc(this.dropout(this.avgpool(h).flatten(1)))
  }
}

/** See {@link GoogLeNet}. */
export const googlenet = (options: GoogLeNetOptions = {}): GoogLeNet => new GoogLeNet(options)
