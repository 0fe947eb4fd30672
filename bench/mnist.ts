// From the start of the process to 99 % of MNIST's test images: npm run bench:mnist -- [--seed N] [--epochs N]
import { parseArgs } from 'node:util'
import { data, manualSeed, nn, optim, train } from 'convcore'

const BATCH = 128

const { values } = parseArgs({
  options: { seed: { type: 'string', default: '1' }, epochs: { type: 'string', default: '2' } },
})
const epochs = Number(values.epochs)
manualSeed(Number(values.seed))
const [training, test] = await Promise.all([data.mnist({ split: 'train' }), data.mnist({ split: 'test' })])

const block = (cIn: number, cOut: number) => [
  new nn.Conv2d(cIn, cOut, 3, { padding: 1, bias: false }),
  new nn.MaxPool2d(2),
  new nn.BatchNorm2d(cOut),
  new nn.ReLU(),
]
const model = new nn.Sequential(
  ...block(1, 16),
  ...block(16, 32),
  ...block(32, 64),
  new nn.Flatten(),
  new nn.Linear(64 * 9, 10),
)
const optimizer = new optim.Adam(model.parameters())
const stepsPerEpoch = Math.ceil(training.length / BATCH)
const scheduler = new optim.lrScheduler.OneCycleLR(optimizer, 0.01, { epochs, stepsPerEpoch })
const trainer = new train.Trainer(model, {
  optimizer,
  scheduler: { scheduler, per: 'step' },
  loss: new nn.CrossEntropyLoss(),
  metrics: [train.accuracy],
  capture: true,
})
await trainer.fit(training, {
  epochs,
  batchSize: BATCH,
  validation: test,
  onEpoch({ epoch, validationAccuracy }) {
    const seconds = (performance.now() / 1000).toFixed(1) // since the process began
    console.log(`epoch ${epoch}: ${(100 * validationAccuracy!).toFixed(2)} % after ${seconds} s`)
  },
})
