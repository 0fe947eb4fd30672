import { noGrad } from '../autograd.js'
import { gradcheck } from '../gradcheck.js'
import { Conv2d } from '../nn/conv.js'
import { normal_, zeros_ } from '../nn/init.js'
import { Linear } from '../nn/linear.js'
import { Module } from '../nn/module.js'
import { crossEntropy } from '../ops/crossEntropy.js'
import { maxPool2d } from '../ops/pool.js'
import type { Tensor } from '../tensor.js'
import { accuracy } from '../train/metrics.js'

/** Options of {@link simpleConvNet}. */
export interface SimpleConvNetOptions {
  /** Side of the images; default 28. */
  size?: number
  /** Of 5×5; default 30. */
  filters?: number
  /** Units of the hidden layer; default 100. */
  hidden?: number
}

/**
 * Convolution, ReLU, pool, affine, ReLU, affine: [N, 1, size, size] → logits [N, 10], with loss, accuracy and gradients to
 * ask for by hand. Weights are N(0, 0.01²), biases 0. 433,890 parameters.
 */
export class SimpleConvNet extends Module {
  /** [N, 1, 28, 28] → [N, 30, 24, 24]. */
  conv1: Conv2d
  /** [N, 4320] → [N, 100]. */
  fc1: Linear
  /** [N, 100] → [N, 10]. */
  fc2: Linear

  /** @throws {RangeError} for sizes that leave nothing to pool */
  constructor({ size = 28, filters = 30, hidden = 100 }: SimpleConvNetOptions = {}) {
    super()
    const pooled = (size - 4) / 2
    this.conv1 = new Conv2d(1, filters, 5)
    this.fc1 = new Linear(filters * pooled * pooled, hidden)
    this.fc2 = new Linear(hidden, 10)
    for (const { weight, bias } of [this.conv1, this.fc1, this.fc2]) {
      normal_(weight, 0, 0.01)
      zeros_(bias!)
    }
  }

  /**
   * @param x [N, 1, 28, 28]
   * @returns logits [N, 10]
   */
  forward(x: Tensor): Tensor {
    const h = maxPool2d(this.conv1(x), 2, { relu: true })
    return this.fc2(this.fc1(h.flatten(1)).relu())
  }

  /** The class of each image. */
  predict(x: Tensor): Tensor {
    return noGrad(() => this.forward(x).argmax(1))
  }

  /** Mean cross-entropy. */
  loss(x: Tensor, labels: Tensor): Tensor {
    return crossEntropy(this.forward(x), labels)
  }

  /** Share of the images whose class is right. */
  accuracy(x: Tensor, labels: Tensor): Tensor {
    return noGrad(() => accuracy(this.forward(x), labels))
  }

  /** The loss's gradients, by name. */
  gradient(x: Tensor, labels: Tensor): Record<string, Tensor> {
    this.zeroGrad()
    this.loss(x, labels).backward()
    return Object.fromEntries([...this.namedParameters()].map(([name, p]) => [name, p.grad!]))
  }

  /** Compares the gradients with central differences; throws where they disagree. The net must be float64. */
  checkGradient(x: Tensor, labels: Tensor): number {
    return gradcheck(() => this.loss(x, labels), [...this.parameters()])
  }
}

/** See {@link SimpleConvNet}. */
export const simpleConvNet = (options: SimpleConvNetOptions = {}): SimpleConvNet => new SimpleConvNet(options)
