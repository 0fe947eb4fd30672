import { AdaptiveAvgPool2d } from '../nn/adaptivePool.js'
import { ReLU } from '../nn/activation.js'
import { Conv2d } from '../nn/conv.js'
import { Dropout } from '../nn/dropout.js'
import { Linear } from '../nn/linear.js'
import { Module } from '../nn/module.js'
import { MaxPool2d } from '../nn/pool.js'
import { Sequential } from '../nn/sequential.js'
import type { Tensor } from '../tensor.js'
import type { ClassifierOptions, DropoutOption } from './options.js'

/** Options of {@link alexnet}. */
export type AlexNetOptions = ClassifierOptions & DropoutOption

/**
 * AlexNet for one GPU, torchvision's: [N, 3, 224, 224] (63×63 and more) → logits [N, numClasses]. 61,100,840 parameters.
 * Source: Krizhevsky, "One weird trick for parallelizing convolutional neural networks", 2014.
 */
export class AlexNet extends Module {
  /** [N, 3, 224, 224] → [N, 256, 6, 6]: five convolutions. */
  features = new Sequential(
    new Conv2d(3, 64, 11, { stride: 4, padding: 2 }),
    new ReLU(),
    new MaxPool2d(3, { stride: 2 }),
    new Conv2d(64, 192, 5, { padding: 2 }),
    new ReLU(),
    new MaxPool2d(3, { stride: 2 }),
    new Conv2d(192, 384, 3, { padding: 1 }),
    new ReLU(),
    new Conv2d(384, 256, 3, { padding: 1 }),
    new ReLU(),
    new Conv2d(256, 256, 3, { padding: 1 }),
    new ReLU(),
    new MaxPool2d(3, { stride: 2 }),
  )
  /** To [N, 256, 6, 6], whatever the image's size. */
  avgpool = new AdaptiveAvgPool2d(6)
  /** [N, 9216] → [N, numClasses]: three linear layers. */
  classifier: Sequential

  /** @param options dropout: default 0.5 */
  constructor({ numClasses = 1000, dropout = 0.5 }: AlexNetOptions = {}) {
    super()
    this.classifier = new Sequential(
      new Dropout(dropout),
      new Linear(256 * 6 * 6, 4096),
      new ReLU(),
      new Dropout(dropout),
      new Linear(4096, 4096),
      new ReLU(),
      new Linear(4096, numClasses),
    )
  }

  /**
   * @param x [N, 3, H, W], H and W from 63 on; 224 as trained
   * @returns logits [N, numClasses]
   */
  forward(x: Tensor): Tensor {
    return this.classifier(this.avgpool(this.features(x)).flatten(1))
  }
}

/** See {@link AlexNet}. */
export const alexnet = (options: AlexNetOptions = {}): AlexNet => new AlexNet(options)
