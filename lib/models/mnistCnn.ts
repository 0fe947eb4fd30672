import { Conv2d } from '../nn/conv.js'
import { Linear } from '../nn/linear.js'
import { Module } from '../nn/module.js'
import { maxPool2d } from '../ops/pool.js'
import { dropout } from '../ops/random.js'
import type { Tensor } from '../tensor.js'

/** Three blocks of 3×3 convolution, ReLU and 2×2 pooling: [N, 1, 28, 28] → logits [N, 10]. 619,786 parameters. */
export class MnistCNN extends Module {
  /** [N, 1, 28, 28] → [N, 32, 28, 28]. */
  conv1 = new Conv2d(1, 32, 3, { padding: 'same' })
  /** [N, 32, 14, 14] → [N, 64, 14, 14]. */
  conv2 = new Conv2d(32, 64, 3, { padding: 'same' })
  /** [N, 64, 7, 7] → [N, 128, 7, 7]. */
  conv3 = new Conv2d(64, 128, 3, { padding: 'same' })
  /** [N, 2048] → [N, 256]. */
  fc1 = new Linear(128 * 4 * 4, 256)
  /** [N, 256] → [N, 10]. */
  fc2 = new Linear(256, 10)

  /**
   * The logits [N, 10] of images [N, 1, 28, 28].
   * @param training whether dropout drops: by default in training mode
   */
  forward(x: Tensor, training = this.training): Tensor {
    // 28 → 14 → 7 → 4; the pools do the ReLU along.
    for (const conv of [this.conv1, this.conv2, this.conv3]) x = maxPool2d(conv(x), 2, { ceilMode: true, relu: true })
    const h = this.fc1(x.flatten(1)).relu()
    return this.fc2(dropout(h, 0.4, { training }))
  }
}

/** See {@link MnistCNN}. */
export const mnistCnn = (): MnistCNN => new MnistCNN()
