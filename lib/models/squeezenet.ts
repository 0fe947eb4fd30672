import { ReLU } from '../nn/activation.js'
import { AdaptiveAvgPool2d } from '../nn/adaptivePool.js'
import { Conv2d } from '../nn/conv.js'
import { Dropout } from '../nn/dropout.js'
import { kaimingUniform_, normal_, zeros_ } from '../nn/init.js'
import { Module } from '../nn/module.js'
import { MaxPool2d } from '../nn/pool.js'
import { Sequential } from '../nn/sequential.js'
import { relu } from '../ops/activation.js'
import { cat } from '../ops/join.js'
import type { Tensor } from '../tensor.js'
import type { ClassifierOptions, DropoutOption } from './options.js'

/** Options of {@link squeezenet1_0} and {@link squeezenet1_1}. */
export type SqueezeNetOptions = ClassifierOptions & DropoutOption

/** Few channels, then many: filters of 1×1 and of 3×3 side by side. */
export class Fire extends Module {
  /** 1×1, to few channels. */
  squeeze: Conv2d
  /** 1×1, the first half of the result. */
  expand1x1: Conv2d
  /** 3×3, the second half. */
  expand3x3: Conv2d

  /**
   * @param inPlanes channels of the input
   * @param squeezePlanes channels in between
   * @param expandPlanes channels of each half of the result
   */
  constructor(inPlanes: number, squeezePlanes: number, expandPlanes: number) {
    super()
    this.squeeze = new Conv2d(inPlanes, squeezePlanes, 1)
    this.expand1x1 = new Conv2d(squeezePlanes, expandPlanes, 1)
    this.expand3x3 = new Conv2d(squeezePlanes, expandPlanes, 3, { padding: 1 })
  }

  /**
   * @param x [N, in, H, W]
   * @returns [N, expand1x1 + expand3x3, H, W]
   */
  forward(x: Tensor): Tensor {
    const h = relu(this.squeeze(x))
    return cat([relu(this.expand1x1(h)), relu(this.expand3x3(h))], 1)
  }
}

const pool = () => new MaxPool2d(3, { stride: 2, ceilMode: true })

const features = {
  '1_0': () => [
    new Conv2d(3, 96, 7, { stride: 2 }),
    new ReLU(),
    pool(),
    new Fire(96, 16, 64),
    new Fire(128, 16, 64),
    new Fire(128, 32, 128),
    pool(),
    new Fire(256, 32, 128),
    new Fire(256, 48, 192),
    new Fire(384, 48, 192),
    new Fire(384, 64, 256),
    pool(),
    new Fire(512, 64, 256),
  ],
  '1_1': () => [
    new Conv2d(3, 64, 3, { stride: 2 }),
    new ReLU(),
    pool(),
    new Fire(64, 16, 64),
    new Fire(128, 16, 64),
    pool(),
    new Fire(128, 32, 128),
    new Fire(256, 32, 128),
    pool(),
    new Fire(256, 48, 192),
    new Fire(384, 48, 192),
    new Fire(384, 64, 256),
    new Fire(512, 64, 256),
  ],
}

/**
 * [N, 3, 224, 224] (21×21 and more) → logits [N, numClasses], with fifty times fewer parameters than AlexNet. Source:
 * Iandola et al., "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and <0.5MB model size", 2016. Names and
 * weights are torchvision's; for Caffe's, see `fromCaffe`.
 */
export class SqueezeNet extends Module {
  /** [N, 3, 224, 224] → [N, 512, 13, 13]. */
  features: Sequential
  /** → [N, numClasses, 1, 1]: a 1×1 convolution and a mean. */
  classifier: Sequential

  /** @param options dropout: default 0.5 */
  constructor(version: '1_0' | '1_1', { numClasses = 1000, dropout = 0.5 }: SqueezeNetOptions = {}) {
    super()
    this.features = new Sequential(features[version]())
    const final = new Conv2d(512, numClasses, 1)
    this.classifier = new Sequential(new Dropout(dropout), final, new ReLU(), new AdaptiveAvgPool2d(1))
    for (const module of this.modules()) {
      if (!(module instanceof Conv2d)) continue
      if (module === final) normal_(module.weight, 0, 0.01)
      else kaimingUniform_(module.weight)
      zeros_(module.bias!)
    }
  }

  /**
   * @param x [N, 3, H, W]; 224 as trained
   * @returns logits [N, numClasses]
   */
  forward(x: Tensor): Tensor {
    return this.classifier(this.features(x)).flatten(1)
  }
}

/** {@link SqueezeNet} 1.0: 1,248,424 parameters. */
export const squeezenet1_0 = (options: SqueezeNetOptions = {}): SqueezeNet => new SqueezeNet('1_0', options)
/** {@link SqueezeNet} 1.1, with 2.4 times less arithmetic: 1,235,496 parameters. */
export const squeezenet1_1 = (options: SqueezeNetOptions = {}): SqueezeNet => new SqueezeNet('1_1', options)
