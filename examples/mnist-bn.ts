// A small convolutional network with batch normalisation on MNIST, initialised from narrow normal distributions.
import { models, optim, train } from 'convcore'
import { figures, loadDigits, type Trained, type Options, atLeast, type Row } from './example.js'
import { oneHotLoss } from './mlp.js'

export const epochs = 10

export const rows: readonly Row[] = [atLeast('L5.12', 0.99, { parameters: 22_000 })]

export async function run(options: Options): Promise<Trained> {
  const digits = await loadDigits(options)
  const started = performance.now()
  const net = models.mnistBn()
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
