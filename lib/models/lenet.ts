import { Conv2d } from '../nn/conv.js'
import { Flatten } from '../nn/flatten.js'
import { Linear } from '../nn/linear.js'
import { MaxPool2d } from '../nn/pool.js'
import { Module } from '../nn/module.js'
import { ReLU } from '../nn/activation.js'
import { Sequential } from '../nn/sequential.js'
import type { Tensor } from '../tensor.js'
import type { ClassifierOptions } from './options.js'

/**
 * LeNet-5 for digits: [N, 1, 28, 28], padded to 32×32, → logits [N, 10]. With ReLU and max pooling in the place of tanh and
 * averages, as it is built today. 61,706 parameters. Source: LeCun et al., "Gradient-based learning applied to document
 * recognition", Proc. IEEE 86, 1998.
 */
export class LeNet5 extends Module {
  /** [N, 1, 28, 28] → [N, 16, 5, 5]: two convolutions. */
  features = new Sequential(
    new Conv2d(1, 6, 5, { padding: 2 }),
    new ReLU(),
    new MaxPool2d(2),
    new Conv2d(6, 16, 5),
    new ReLU(),
    new MaxPool2d(2),
  )
  /** → [N, numClasses]: three linear layers. */
  classifier: Sequential

  /** @param options numClasses: default 10 */
  constructor({ numClasses = 10 }: ClassifierOptions = {}) {
    super()
    this.classifier = new Sequential(
      new Flatten(),
      new Linear(16 * 5 * 5, 120),
      new ReLU(),
      new Linear(120, 84),
      new ReLU(),
      new Linear(84, numClasses),
    )
  }

  /**
   * @param x [N, 1, 28, 28]
   * @returns logits [N, numClasses]
   */
  forward(x: Tensor): Tensor {
    return this.classifier(this.features(x))
  }
}

/** See {@link LeNet5}. */
export const lenet5 = (options: ClassifierOptions = {}): LeNet5 => new LeNet5(options)
