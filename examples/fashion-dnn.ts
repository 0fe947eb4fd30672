// A fully connected network on Fashion-MNIST.
import { models, nn, optim, train } from 'convcore'
import { figures, loadFashion, type Options, type Trained, atLeast, type Row } from './example.js'

export const epochs = 10

export const rows: readonly Row[] = [atLeast('L4.4', 0.88)]

/** Trains a network on Fashion-MNIST with Adam, in mini-batches of 100, at a rate that falls along a cosine. */
export async function fit(model: nn.Layer, options: Options): Promise<Trained> {
  const images = await loadFashion(options)
  const started = performance.now()
  console.log(String(model))
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 })
  const trainer = new train.Trainer(model, {
    optimizer,
    scheduler: new optim.lrScheduler.CosineAnnealingLR(optimizer, options.epochs),
    loss: new nn.CrossEntropyLoss(),
    metrics: [train.accuracy],
    device: options.device,
    progress: true,
  })
  const history = await trainer.fit(images.train, { epochs: options.epochs, batchSize: 100, validation: images.test })
  const { accuracy } = await trainer.evaluate(images.test, { batchSize: 500 })
  return { ...(await figures(model, accuracy!, started)), history }
}

export const run = (options: Options): Promise<Trained> => fit(models.fashionDnn(), options)
