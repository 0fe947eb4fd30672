// Letters A to J in thousands of typefaces: from an archive of small images to a convolutional network.
import { data, nn, optim, train } from 'convcore'
import { atLeast, figures, type Options, type Row, type Trained } from './example.js'

export const epochs = 8

export const rows: readonly Row[] = [atLeast('L1.9', 0.94)]

const SIZES = { train: 15_000, test: 3_000 }

export const build = (): nn.Sequential =>
  new nn.Sequential(
    new nn.Conv2d(1, 32, 5, { padding: 'same' }),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Conv2d(32, 64, 5, { padding: 'same' }),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Flatten(),
    new nn.Linear(64 * 7 * 7, 256),
    new nn.ReLU(),
    new nn.Dropout(0.5),
    new nn.Linear(256, 10),
  )

/** Training and test letters with an equal share of each class, the classes counted. */
async function load({ samples }: Options): Promise<Record<'train' | 'test', data.LabelledImages>> {
  const classes = await data.notMnist()
  const counts = new Map(classes.map(({ name, images }) => [name, images.shape[0]!]))
  console.log(`data: notMNIST, ${[...counts].map(([name, count]) => `${name} ${count}`).join(', ')}`)
  data.warnImbalance(counts)
  const most = (size: number) => 10 * Math.floor(Math.min(size, samples ?? size) / 10) // the classes' shares are equal
  return data.mergeClasses(classes, { train: most(SIZES.train), test: most(SIZES.test) })
}

export async function run(options: Options): Promise<Trained> {
  const letters = await load(options)
  const started = performance.now()
  const model = build()
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 })
  const trainer = new train.Trainer(model, {
    optimizer,
    scheduler: new optim.lrScheduler.CosineAnnealingLR(optimizer, Math.max(options.epochs, 1)),
    loss: new nn.CrossEntropyLoss(),
    metrics: [train.accuracy],
    device: options.device,
    capture: true,
    progress: true,
  })
  await trainer.fit(letters.train, { epochs: options.epochs, batchSize: 100, validation: letters.test })
  const { accuracy } = await trainer.evaluate(letters.test, { batchSize: 500 })
  return figures(model, accuracy!, started)
}
