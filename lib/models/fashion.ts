import { ReLU } from '../nn/activation.js'
import { Conv2d } from '../nn/conv.js'
import { Dropout } from '../nn/dropout.js'
import { Linear } from '../nn/linear.js'
import { Module } from '../nn/module.js'
import { BatchNorm2d } from '../nn/norm.js'
import { MaxPool2d } from '../nn/pool.js'
import { Sequential } from '../nn/sequential.js'
import type { Tensor } from '../tensor.js'

/** Three fully connected layers: [N, …] of 784 elements each → logits [N, 10]. 235,146 parameters. */
export class FashionDNN extends Module {
  /** [N, 784] → [N, 256]. */
  fc1 = new Linear(784, 256)
  /** After the first layer. */
  drop = new Dropout(0.25)
  /** [N, 256] → [N, 128]. */
  fc2 = new Linear(256, 128)
  /** [N, 128] → [N, 10]. */
  fc3 = new Linear(128, 10)

  /**
   * @param x [N, 1, 28, 28]
   * @returns logits [N, 10]
   */
  forward(x: Tensor): Tensor {
    const h = this.drop(this.fc1(x.view(-1, 784)).relu())
    return this.fc3(this.fc2(h).relu())
  }
}

/** Two blocks of convolution and batch norm, then three fully connected layers: [N, 1, 28, 28] → logits [N, 10]. */
export class FashionCNN extends Module {
  /** [N, 1, 28, 28] → [N, 32, 14, 14]. */
  layer1 = new Sequential(new Conv2d(1, 32, 3, { padding: 1 }), new BatchNorm2d(32), new ReLU(), new MaxPool2d(2))
  /** [N, 32, 14, 14] → [N, 64, 6, 6]. */
  layer2 = new Sequential(new Conv2d(32, 64, 3), new BatchNorm2d(64), new ReLU(), new MaxPool2d(2))
  /** [N, 2304] → [N, 600]. */
  fc1 = new Linear(64 * 6 * 6, 600)
  /** After the first linear layer. */
  drop = new Dropout(0.25)
  /** [N, 600] → [N, 120]. */
  fc2 = new Linear(600, 120)
  /** [N, 120] → [N, 10]. */
  fc3 = new Linear(120, 10)

  /**
   * @param x [N, 1, 28, 28]
   * @returns logits [N, 10]
   */
  forward(x: Tensor): Tensor {
    const features = this.layer2(this.layer1(x)).flatten(1)
    return this.fc3(this.fc2(this.drop(this.fc1(features))))
  }
}

/** See {@link FashionDNN}. */
export const fashionDnn = (): FashionDNN => new FashionDNN()
/** See {@link FashionCNN}. */
export const fashionCnn = (): FashionCNN => new FashionCNN()
