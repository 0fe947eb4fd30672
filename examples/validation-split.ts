// A validation split by index samplers: a network that is too large for few samples, its curves of training and
// validation loss, and where over-fitting begins.
import { data, defaultGenerator, nn, optim, train, visualize } from 'convcore'
import { figures, loadDigits, type Options, type Row, show, type Trained } from './example.js'

export const epochs = 40

export const rows: readonly Row[] = [
  {
    row: 'L5.9',
    required: 'over-fitting is detected',
    judge: ({ overfitsAfter }) => ({
      figure: overfitsAfter ? `over-fits after epoch ${overfitsAfter as number}` : 'no over-fitting seen',
      held: overfitsAfter !== undefined,
    }),
  },
]

const SAMPLES = 2000 // few, so that there is something to over-fit
const HELD_OUT = 1 / 4 // of them

export interface Split {
  train: data.SubsetRandomSampler
  validation: data.SubsetRandomSampler
}

/** Samplers of two parts of a data set that have no sample in common. */
export function split(count: number, heldOut: number): Split {
  const order = defaultGenerator.permutation(count)
  return {
    train: new data.SubsetRandomSampler(order.subarray(heldOut)),
    validation: new data.SubsetRandomSampler(order.subarray(0, heldOut)),
  }
}

export const build = (): nn.Sequential =>
  new nn.Sequential(
    new nn.Flatten(),
    new nn.Linear(784, 256),
    new nn.ReLU(),
    new nn.Linear(256, 256),
    new nn.ReLU(),
    new nn.Linear(256, 10),
  )

/** The epoch after which the validation loss no longer fell, if the run ended before its last epoch. */
export async function learn(
  trainer: train.Trainer,
  set: data.ImageDataset,
  samplers: Split,
  epochs: number,
): Promise<{ history: train.EpochRecord[]; overfitsAfter: number | undefined }> {
  const stopping = new train.EarlyStopping({ patience: 5 })
  const history = await trainer.fit(new data.DataLoader(set, { batchSize: 50, sampler: samplers.train }), {
    epochs,
    validation: new data.DataLoader(set, { batchSize: 500, sampler: samplers.validation }),
    callbacks: [stopping],
  })
  return { history, overfitsAfter: stopping.stoppedEpoch && stopping.bestEpoch }
}

export async function run(options: Options): Promise<Trained> {
  const digits = await loadDigits(options)
  const started = performance.now()
  const count = Math.min(SAMPLES, digits.train.length)
  const samplers = split(count, Math.floor(HELD_OUT * count))
  const model = build()
  const trainer = new train.Trainer(model, {
    optimizer: new optim.Adam(model.parameters(), { lr: 1e-3 }),
    loss: new nn.CrossEntropyLoss(),
    metrics: [train.accuracy],
    device: options.device,
  })
  const { history, overfitsAfter } = await learn(trainer, digits.train, samplers, options.epochs)
  console.log('epoch   loss: train  validation   error rate: train  validation')
  for (const { epoch, loss, accuracy, validationLoss, validationAccuracy } of history)
    console.log(
      String(epoch).padStart(5) +
        loss.toFixed(4).padStart(14) +
        validationLoss!.toFixed(4).padStart(12) +
        (1 - accuracy!).toFixed(4).padStart(20) +
        (1 - validationAccuracy!).toFixed(4).padStart(12),
    )
  console.log(
    overfitsAfter
      ? `over-fitting begins after epoch ${overfitsAfter}; the model has the weights of that epoch`
      : 'no over-fitting yet',
  )
  const mark = overfitsAfter ? { epoch: overfitsAfter, name: 'over-fitting begins' } : undefined
  await show('validation-split', visualize.curves(history, { mark }), options)
  const { accuracy } = await trainer.evaluate(digits.test, { batchSize: 500 })
  return { ...(await figures(model, accuracy!, started)), history, overfitsAfter }
}
