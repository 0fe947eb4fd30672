// A simple network whose loss, gradients and accuracy one can ask for by hand:
// conv – ReLU – pool – affine – ReLU – affine – softmax.
import { data, gradcheck, maxPool2d, nn, noGrad, optim, train, crossEntropy, type Tensor } from 'convcore'
import { figures, loadDigits, type Trained, type Options, atLeast, type Row } from './example.js'

export const epochs = 20

export const rows: readonly Row[] = [atLeast('L3.5', 0.985), atLeast('L3.6', 0.985)]

const EVALUATED = 1000 // samples per epoch for the accuracy curves

export interface SimpleConvNetOptions {
  /** Side of the images. */
  size?: number
  filters?: number
  hidden?: number
}

export class SimpleConvNet extends nn.Module {
  conv1: nn.Conv2d
  fc1: nn.Linear
  fc2: nn.Linear

  constructor({ size = 28, filters = 30, hidden = 100 }: SimpleConvNetOptions = {}) {
    super()
    const pooled = (size - 4) / 2
    this.conv1 = new nn.Conv2d(1, filters, 5)
    this.fc1 = new nn.Linear(filters * pooled * pooled, hidden)
    this.fc2 = new nn.Linear(hidden, 10)
    for (const { weight, bias } of [this.conv1, this.fc1, this.fc2]) {
      nn.init.normal_(weight, 0, 0.01)
      nn.init.zeros_(bias!)
    }
  }

  forward(x: Tensor): Tensor {
    const h = maxPool2d(this.conv1(x).relu(), 2)
    return this.fc2(this.fc1(h.flatten(1)).relu())
  }

  /** The class of each image. */
  predict(x: Tensor): Tensor {
    return noGrad(() => this.forward(x).argmax(1))
  }

  loss(x: Tensor, labels: Tensor): Tensor {
    return crossEntropy(this.forward(x), labels)
  }

  accuracy(x: Tensor, labels: Tensor): Tensor {
    return noGrad(() => train.accuracy(this.forward(x), labels))
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

export async function run(options: Options): Promise<Trained> {
  const digits = await loadDigits(options)
  const started = performance.now()
  const net = new SimpleConvNet()
  console.log(String(net))
  const trainer = new train.Trainer(net, {
    optimizer: new optim.Adam(net.parameters(), { lr: 1e-3 }),
    loss: new nn.CrossEntropyLoss(),
    metrics: [train.accuracy],
    device: options.device,
    progress: true,
  })
  const firsts = Int32Array.from({ length: EVALUATED }, (_, i) => i)
  const sample = (set: data.ImageDataset) => new data.TensorDataset(...set.batch(firsts))
  const [trainSample, testSample] = [sample(digits.train), sample(digits.test)]
  const curves: { train: number; test: number }[] = []
  await trainer.fit(digits.train, {
    epochs: options.epochs,
    batchSize: 100,
    async onEpoch({ epoch }) {
      const [onTrain, onTest] = [await trainer.evaluate(trainSample), await trainer.evaluate(testSample)]
      curves.push({ train: onTrain.accuracy!, test: onTest.accuracy! })
      console.log(`epoch ${epoch}: train ${onTrain.accuracy!.toFixed(3)}, test ${onTest.accuracy!.toFixed(3)}`)
    },
  })
  const { accuracy } = await trainer.evaluate(digits.test, { batchSize: 500 })
  return { ...(await figures(net, accuracy!, started)), curves }
}
