import { AdaptiveAvgPool2d } from '../nn/adaptivePool.js'
import { Dropout } from '../nn/dropout.js'
import { Linear } from '../nn/linear.js'
import { Module } from '../nn/module.js'
import { MaxPool2d } from '../nn/pool.js'
import { adaptiveAvgPool2d } from '../ops/adaptivePool.js'
import { avgPool2d } from '../ops/pool.js'
import type { Tensor } from '../tensor.js'
import { BasicConv2d, type InceptionOptions, initNormal, rescaled } from './basicConv.js'
import { InceptionA, InceptionB, InceptionC, InceptionD, InceptionE } from './inceptionBlocks.js'
import type { ClassifierOptions, DropoutOption, InitOption } from './options.js'

/** Options of {@link inceptionV3}. */
export type InceptionV3Options = ClassifierOptions & DropoutOption & InitOption & InceptionOptions

/** What `auxiliary` gives: logits [N, numClasses] each. */
export interface InceptionV3Outputs {
  /** [N, numClasses]. */
  logits: Tensor
  /** From behind Mixed_6e. */
  auxLogits: Tensor
}

class InceptionAux extends Module {
  conv0: BasicConv2d
  conv1 = new BasicConv2d(128, 768, 5)
  fc: Linear

  constructor(inChannels: number, numClasses: number) {
    super()
    this.conv0 = new BasicConv2d(inChannels, 128, 1)
    this.fc = new Linear(768, numClasses)
  }

  forward(x: Tensor): Tensor {
    const h = this.conv1(this.conv0(avgPool2d(x, 5, { stride: 3 })))
    return this.fc(adaptiveAvgPool2d(h, 1).flatten(1))
  }
}

/** Standard deviation of a layer's first weights. */
const stdOf = (path: string) => (path === 'AuxLogits.fc' ? 0.001 : path.startsWith('AuxLogits.conv1') ? 0.01 : 0.1)

/**
 * [N, 3, 299, 299] (75×75 and more) → logits [N, numClasses]. 23,834,568 parameters, and 3,326,696 of an auxiliary
 * classifier, which `auxiliary` runs in training. Source: Szegedy et al., "Rethinking the Inception architecture for computer
 * vision", CVPR 2016. Names and weights are torchvision's.
 */
export class InceptionV3 extends Module {
  /** [N, 3, 299, 299] → [N, 32, 149, 149]. */
  Conv2d_1a_3x3 = new BasicConv2d(3, 32, 3, { stride: 2 })
  /** → [N, 32, 147, 147]. */
  Conv2d_2a_3x3 = new BasicConv2d(32, 32, 3)
  /** → [N, 64, 147, 147]. */
  Conv2d_2b_3x3 = new BasicConv2d(32, 64, 3, { padding: 1 })
  /** → [N, 64, 73, 73]. */
  maxpool1 = new MaxPool2d(3, { stride: 2 })
  /** → [N, 80, 73, 73]. */
  Conv2d_3b_1x1 = new BasicConv2d(64, 80, 1)
  /** → [N, 192, 71, 71]. */
  Conv2d_4a_3x3 = new BasicConv2d(80, 192, 3)
  /** → [N, 192, 35, 35]. */
  maxpool2 = new MaxPool2d(3, { stride: 2 })
  /** → [N, 256, 35, 35]. */
  Mixed_5b = new InceptionA(192, 32)
  /** → [N, 288, 35, 35]. */
  Mixed_5c = new InceptionA(256, 64)
  /** → [N, 288, 35, 35]. */
  Mixed_5d = new InceptionA(288, 64)
  /** → [N, 768, 17, 17]. */
  Mixed_6a = new InceptionB(288)
  /** → [N, 768, 17, 17]. */
  Mixed_6b = new InceptionC(768, 128)
  /** → [N, 768, 17, 17]. */
  Mixed_6c = new InceptionC(768, 160)
  /** → [N, 768, 17, 17]. */
  Mixed_6d = new InceptionC(768, 160)
  /** → [N, 768, 17, 17]. */
  Mixed_6e = new InceptionC(768, 192)
  /** From what Mixed_6e gives to logits; undefined without `auxLogits`. */
  AuxLogits: InceptionAux | undefined
  /** → [N, 1280, 8, 8]. */
  Mixed_7a = new InceptionD(768)
  /** → [N, 2048, 8, 8]. */
  Mixed_7b = new InceptionE(1280)
  /** → [N, 2048, 8, 8]. */
  Mixed_7c = new InceptionE(2048)
  /** → [N, 2048, 1, 1]. */
  avgpool = new AdaptiveAvgPool2d(1)
  /** Before the last layer. */
  dropout: Dropout
  /** [N, 2048] → [N, numClasses]. */
  fc: Linear
  /** Whether images normalised as torchvision's are moved to from −1 to 1 first. */
  readonly transformInput: boolean

  /** @param options dropout: default 0.5 */
  constructor(options: InceptionV3Options = {}) {
    super()
    const { numClasses = 1000, dropout = 0.5, auxLogits = true, transformInput = false, initWeights = true } = options
    this.transformInput = transformInput
    if (auxLogits) this.AuxLogits = new InceptionAux(768, numClasses)
    this.dropout = new Dropout(dropout)
    this.fc = new Linear(2048, numClasses)
    if (initWeights) initNormal(this, stdOf)
  }

  /**
   * @param x [N, 3, H, W]; 299 as trained
   * @returns logits [N, numClasses]
   */
  forward(x: Tensor): Tensor {
    return this.classify(this.first(x))
  }

  /**
   * The logits with those of the auxiliary classifier, whose loss weighs 0.4 by custom. (torchvision's forward gives these in
   * training mode.) Images must be 299×299 or larger.
   * @throws {TypeError} when there is none, by `auxLogits: false`
   */
  auxiliary(x: Tensor): InceptionV3Outputs {
    if (!this.AuxLogits) throw new TypeError('InceptionV3: expected an auxiliary classifier, got auxLogits: false')
    const first = this.first(x)
    return { logits: this.classify(first), auxLogits: this.AuxLogits(first) }
  }

  /** As far as Mixed_6e. */
  private first(x: Tensor): Tensor {
    let h = this.Conv2d_1a_3x3(this.transformInput ? rescaled(x) : x)
    h = this.maxpool1(this.Conv2d_2b_3x3(this.Conv2d_2a_3x3(h)))
    h = this.maxpool2(this.Conv2d_4a_3x3(this.Conv2d_3b_1x1(h)))
    h = this.Mixed_6a(this.Mixed_5d(this.Mixed_5c(this.Mixed_5b(h))))
    return this.Mixed_6e(this.Mixed_6d(this.Mixed_6c(this.Mixed_6b(h))))
  }

  private classify(x: Tensor): Tensor {
    const h = this.Mixed_7c(this.Mixed_7b(this.Mixed_7a(x)))
    return this.fc(this.dropout(this.avgpool(h).flatten(1)))
  }
}

/** See {@link InceptionV3}; torchvision's inception_v3. */
export const inceptionV3 = (options: InceptionV3Options = {}): InceptionV3 => new InceptionV3(options)
