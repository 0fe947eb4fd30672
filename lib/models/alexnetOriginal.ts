import { ReLU } from '../nn/activation.js'
import { Conv2d } from '../nn/conv.js'
import { Dropout } from '../nn/dropout.js'
import { constant_, normal_ } from '../nn/init.js'
import { Linear } from '../nn/linear.js'
import { Module } from '../nn/module.js'
import { MaxPool2d } from '../nn/pool.js'
import { LocalResponseNorm } from '../nn/responseNorm.js'
import { Sequential } from '../nn/sequential.js'
import type { Tensor } from '../tensor.js'
import type { AlexNetOptions } from './alexnet.js'

/** The paper's k = 2, n = 5, α = 10⁻⁴ and β = 0.75; PyTorch's alpha is divided by n. */
const responseNorm = () => new LocalResponseNorm(5, { alpha: 5e-4, beta: 0.75, k: 2 })
const overlapping = () => new MaxPool2d(3, { stride: 2 })

/**
 * AlexNet as published: [N, 3, 227, 227] → logits [N, numClasses]. 96 filters of 11×11 with stride 4, local response norm,
 * overlapping pools, and groups where two GPUs shared the work. 60,965,224 parameters. Source: Krizhevsky, Sutskever and
 * Hinton, "ImageNet classification with deep convolutional neural networks", NIPS 2012.
 */
export class AlexNetOriginal extends Module {
  /** [N, 3, 227, 227] → [N, 256, 6, 6]: five convolutions, local response norms. */
  features = new Sequential({
    conv1: new Conv2d(3, 96, 11, { stride: 4 }),
    relu1: new ReLU(),
    norm1: responseNorm(),
    pool1: overlapping(),
    conv2: new Conv2d(96, 256, 5, { padding: 2, groups: 2 }),
    relu2: new ReLU(),
    norm2: responseNorm(),
    pool2: overlapping(),
    conv3: new Conv2d(256, 384, 3, { padding: 1 }),
    relu3: new ReLU(),
    conv4: new Conv2d(384, 384, 3, { padding: 1, groups: 2 }),
    relu4: new ReLU(),
    conv5: new Conv2d(384, 256, 3, { padding: 1, groups: 2 }),
    relu5: new ReLU(),
    pool5: overlapping(),
  })
  /** [N, 9216] → [N, numClasses]: three linear layers. */
  classifier: Sequential

  /** @param options dropout: default 0.5 */
  constructor({ numClasses = 1000, dropout = 0.5 }: AlexNetOptions = {}) {
    super()
    this.classifier = new Sequential({
      fc6: new Linear(256 * 6 * 6, 4096),
      relu6: new ReLU(),
      drop6: new Dropout(dropout),
      fc7: new Linear(4096, 4096),
      relu7: new ReLU(),
      drop7: new Dropout(dropout),
      fc8: new Linear(4096, numClasses),
    })
    // Section 5 of the paper: biases of 1 give the ReLUs of these layers positive inputs at first.
    const positive = ['features.conv2', 'features.conv4', 'features.conv5', 'classifier.fc6', 'classifier.fc7']
    for (const [path, module] of this.namedModules()) {
      if (!(module instanceof Conv2d || module instanceof Linear)) continue
      normal_(module.weight, 0, 0.01)
      constant_(module.bias!, positive.includes(path) ? 1 : 0)
    }
  }

  /**
   * @param x [N, 3, 227, 227]
   * @returns logits [N, numClasses]
   */
  forward(x: Tensor): Tensor {
    return this.classifier(this.features(x).flatten(1))
  }
}

/** See {@link AlexNetOriginal}. */
export const alexnetOriginal = (options: AlexNetOptions = {}): AlexNetOriginal => new AlexNetOriginal(options)
