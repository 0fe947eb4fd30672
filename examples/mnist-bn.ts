// A small convolutional network with batch normalisation on MNIST, initialised from narrow normal distributions.
import { maxPool2d, nn, optim, train, type Tensor } from 'convcore'
import { figures, loadDigits, type Trained, type Options, atLeast, type Row } from './example.js'
import { oneHotLoss } from './mlp.js'

export const epochs = 10

export const rows: readonly Row[] = [atLeast('L5.12', 0.99)]

export class Net extends nn.Module {
  conv1 = new nn.Conv2d(1, 10, 5)
  bn1 = new nn.BatchNorm2d(10)
  conv2 = new nn.Conv2d(10, 20, 5)
  bn2 = new nn.BatchNorm2d(20)
  fc1 = new nn.Linear(320, 50)
  bn3 = new nn.BatchNorm1d(50)
  fc2 = new nn.Linear(50, 10)

  forward(x: Tensor): Tensor {
    const h1 = maxPool2d(this.bn1(this.conv1(x)), 2).relu()
    const h2 = maxPool2d(this.bn2(this.conv2(h1)), 2).relu()
    return this.fc2(this.bn3(this.fc1(h2.flatten(1))).relu()).softmax(1)
  }
}

export function weightInit(module: nn.Module): void {
  if (module instanceof nn.Conv2d || module instanceof nn.Linear) nn.init.normal_(module.weight, 0, 0.02)
  else if (module instanceof nn.BatchNorm1d || module instanceof nn.BatchNorm2d)
    nn.init.normal_(module.weight!, 1, 0.02)
}

export async function run(options: Options): Promise<Trained> {
  const digits = await loadDigits(options)
  const started = performance.now()
  const net = new Net().apply(weightInit)
  console.log(String(net))
  const trainer = new train.Trainer(net, {
    optimizer: new optim.Adam(net.parameters(), { lr: 0.01 }),
    loss: oneHotLoss,
    metrics: [train.accuracy],
    device: options.device,
    progress: true,
  })
  const history = await trainer.fit(digits.train, { epochs: options.epochs, batchSize: 100, validation: digits.test })
  const { accuracy } = await trainer.evaluate(digits.test, { batchSize: 500 })
  return { ...(await figures(net, accuracy!, started)), history }
}
