import { Conv2d } from '../nn/conv.js'
import { normal_ } from '../nn/init.js'
import { Linear } from '../nn/linear.js'
import { Module } from '../nn/module.js'
import { BatchNorm1d, BatchNorm2d } from '../nn/norm.js'
import { maxPool2d } from '../ops/pool.js'
import type { Tensor } from '../tensor.js'

/**
 * Batch norm, pooling, then ReLU, twice: [N, 1, 28, 28] → probabilities [N, 10]. Weights are N(0, 0.02²), those of batch norm
 * N(1, 0.02²). 22,000 parameters.
 */
export class MnistBN extends Module {
  /** [N, 1, 28, 28] → [N, 10, 24, 24]. */
  conv1 = new Conv2d(1, 10, 5)
  /** Of [N, 10, 24, 24]. */
  bn1 = new BatchNorm2d(10)
  /** [N, 10, 12, 12] → [N, 20, 8, 8]. */
  conv2 = new Conv2d(10, 20, 5)
  /** Of [N, 20, 8, 8]. */
  bn2 = new BatchNorm2d(20)
  /** [N, 320] → [N, 50]. */
  fc1 = new Linear(320, 50)
  /** Of [N, 50]. */
  bn3 = new BatchNorm1d(50)
  /** [N, 50] → [N, 10]. */
  fc2 = new Linear(50, 10)

  constructor() {
    super()
    for (const module of this.children())
      if (module instanceof Conv2d || module instanceof Linear) normal_(module.weight, 0, 0.02)
      else if (module instanceof BatchNorm1d || module instanceof BatchNorm2d) normal_(module.weight!, 1, 0.02)
  }

  /**
   * @param x [N, 1, 28, 28]
   * @returns logits [N, 10]
   */
  forward(x: Tensor): Tensor {
    const h1 = maxPool2d(this.bn1(this.conv1(x)), 2, { relu: true })
    const h2 = maxPool2d(this.bn2(this.conv2(h1)), 2, { relu: true })
    return this.fc2(this.bn3(this.fc1(h2.flatten(1)), true)).softmax(1)
  }
}

/** See {@link MnistBN}. */
export const mnistBn = (): MnistBN => new MnistBN()
