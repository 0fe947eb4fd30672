// A convolutional network on MNIST, sequential style: three blocks of 3×3 convolution, ReLU and 2×2 pooling.
import { nn, optim, train } from 'convcore'
import { figures, loadDigits, type Trained, type Options } from './example.js'

export const epochs = 15

const block = (inputs: number, outputs: number) => [
  new nn.Conv2d(inputs, outputs, 3, { padding: 'same' }),
  new nn.ReLU(),
  new nn.MaxPool2d(2, { ceilMode: true }), // 28 → 14 → 7 → 4
]

export function build(): nn.Sequential {
  return new nn.Sequential(
    ...block(1, 32),
    ...block(32, 64),
    ...block(64, 128),
    new nn.Flatten(),
    new nn.Linear(128 * 4 * 4, 256),
    new nn.ReLU(),
    new nn.Dropout(0.4),
    new nn.Linear(256, 10),
  )
}

export async function run(options: Options): Promise<Trained> {
  const digits = await loadDigits(options)
  const started = performance.now()
  const model = build()
  console.log(String(nn.summary(model, [1, 28, 28])))
  const trainer = new train.Trainer(model, {
    optimizer: new optim.Adam(model.parameters(), { lr: 1e-3 }),
    loss: new nn.CrossEntropyLoss(),
    metrics: [train.accuracy],
    device: options.device,
    progress: true,
  })
  const history = await trainer.fit(digits.train, { epochs: options.epochs, batchSize: 100, validation: digits.test })
  const { accuracy } = await trainer.evaluate(digits.test, { batchSize: 500 })
  return { ...(await figures(model, accuracy!, started)), history }
}
