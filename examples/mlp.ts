// Two fully connected layers on MNIST, twice: as one should not set them up, and as one should.
import { binaryCrossEntropy, nn, optim, tensor, train, type Tensor } from 'convcore'
import { figures, loadDigits, type Images, type Trained, type Options, atLeast, percent, type Row } from './example.js'

export const epochs = 5

export const rows: readonly Row[] = [
  {
    row: 'L5.1',
    required: 'test accuracy ≤ 25 %',
    judge: ({ naive }) => {
      const { testAccuracy } = naive as Trained
      return { figure: `test accuracy ${percent(testAccuracy)}`, held: testAccuracy <= 0.25 }
    },
  },
  atLeast('L5.2', 0.97),
]

/** Sigmoid units, weights all positive, plain gradient descent: it does not learn. */
export class Naive extends nn.Module {
  fc1 = new nn.Linear(784, 50)
  fc2 = new nn.Linear(50, 10)

  forward(x: Tensor): Tensor {
    return this.fc2(this.fc1(x.view(-1, 784)).sigmoid()).softmax(1)
  }
}

/** ReLU units and batch normalisation; trained by Adam. */
export class Improved extends nn.Module {
  fc1 = new nn.Linear(784, 50)
  bn1 = new nn.BatchNorm1d(50)
  fc2 = new nn.Linear(50, 10)

  forward(x: Tensor): Tensor {
    return this.fc2(this.bn1(this.fc1(x.view(-1, 784))).relu()).softmax(1)
  }
}

export function weightInit(module: nn.Module): void {
  if (!(module instanceof nn.Linear)) return
  nn.init.uniform_(module.weight, 0, 1)
  if (module.bias) nn.init.zeros_(module.bias)
}

const CLASSES = Int32Array.from({ length: 10 }, (_, i) => i)

/** float32 [N, 10], 1 at each label. */
export const oneHot = (labels: Tensor): Tensor =>
  labels
    .view(-1, 1)
    .eq(tensor(CLASSES, { device: labels.device }))
    .to('float32')

/** Binary cross-entropy of each class's probability against one-hot labels. */
export const oneHotLoss = (probabilities: Tensor, labels: Tensor): Tensor =>
  binaryCrossEntropy(probabilities, oneHot(labels))

async function fit(
  net: nn.Module,
  optimizer: train.TrainerOptions['optimizer'],
  digits: Images,
  options: Options,
): Promise<Trained> {
  const started = performance.now()
  console.log(String(net))
  const trainer = new train.Trainer(net as nn.Layer, {
    optimizer,
    loss: oneHotLoss,
    metrics: [train.accuracy],
    device: options.device,
    progress: true,
  })
  await trainer.fit(digits.train, { epochs: options.epochs, batchSize: 100 })
  const { accuracy } = await trainer.evaluate(digits.test, { batchSize: 500 })
  return figures(net, accuracy!, started)
}

export async function run(options: Options): Promise<Trained> {
  const digits = await loadDigits(options)
  const naiveNet = new Naive().apply(weightInit)
  const naive = await fit(naiveNet, new optim.SGD(naiveNet.parameters(), { lr: 0.01 }), digits, options)
  console.log(`naive: test accuracy ${(100 * naive.testAccuracy).toFixed(2)} %`)
  const net = new Improved()
  const improved = await fit(net, new optim.Adam(net.parameters(), { lr: 0.01 }), digits, options)
  return { ...improved, naive }
}
