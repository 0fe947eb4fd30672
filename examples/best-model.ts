// The best model for MNIST: every image in five versions, networks of convolution and batch normalisation whose learning
// rate decays, and an ensemble of them.
import { cat, data, nn, optim, scope, train, transforms } from 'convcore'
import { compare } from './ensemble.js'
import { figures, loadDigits, type Options, type Trained, atLeast, type Row } from './example.js'

export const epochs = 4

export const rows: readonly Row[] = [atLeast('L2.10', 0.996)]

const MEMBERS = 3
const COPIES = 4 // of each image, besides the original
const DECAY = 0.5 // of the learning rate, per epoch

/** Turns by up to 15 degrees and shifts by up to two pixels; what comes in at the borders is the image's median. */
const augment = new transforms.RandomAffine({
  degrees: 15,
  translate: [2 / 28, 2 / 28],
  interpolation: 'bilinear',
  fill: 'median',
  perSample: true,
})

/** The images of a set, and copies of each that are turned and shifted. */
export async function enlarge(set: data.ImageDataset, copies = COPIES): Promise<data.ImageDataset> {
  const [, , height, width] = set.images.shape as [number, number, number, number]
  const pixels = scope(() => cat<'uint8'>([set.images, ...Array.from({ length: copies }, () => augment(set.images))]))
  const labels = scope(() => cat(Array.from({ length: 1 + copies }, () => set.labels)))
  const images = {
    pixels: await pixels.data(),
    labels: await labels.data(),
    height,
    width,
  }
  for (const tensor of [pixels, labels]) tensor.dispose()
  return new data.ImageDataset(images, set.classes, { normalize: set.normalize, device: set.images.device })
}

const conv = (inputs: number, outputs: number): nn.Layer[] => [
  new nn.Conv2d(inputs, outputs, 3, { padding: 'same', bias: false }),
  new nn.BatchNorm2d(outputs),
  new nn.ReLU(),
]

const dense = (inputs: number, outputs: number): nn.Layer[] => [
  new nn.Linear(inputs, outputs, { bias: false }),
  new nn.BatchNorm1d(outputs),
  new nn.ReLU(),
]

export function build(): nn.Sequential {
  const pool = () => new nn.MaxPool2d(2, { ceilMode: true }) // 28 → 14 → 7 → 4
  const model = new nn.Sequential(
    ...conv(1, 32),
    pool(),
    ...conv(32, 64),
    pool(),
    ...conv(64, 128),
    pool(),
    new nn.Flatten(),
    ...dense(128 * 4 * 4, 256),
    new nn.Dropout(0.4),
    new nn.Linear(256, 10),
  )
  return model.apply((module) => {
    if (module instanceof nn.Conv2d || module instanceof nn.Linear) nn.init.glorotNormal_(module.weight)
  })
}

export async function run(options: Options): Promise<Trained> {
  const digits = await loadDigits(options)
  const started = performance.now()
  const training = await enlarge(digits.train)
  console.log(`${training.length} images with those that are turned and shifted`)
  const ensemble = new nn.Ensemble(Array.from({ length: MEMBERS }, build))
  console.log(String(nn.summary(ensemble.members[0]!, [1, 28, 28])))
  for (const member of ensemble.members) {
    const optimizer = new optim.Adam(member.parameters(), { lr: 1e-3 })
    const trainer = new train.Trainer(member, {
      optimizer,
      scheduler: new optim.lrScheduler.ExponentialLR(optimizer, DECAY),
      loss: new nn.CrossEntropyLoss(),
      metrics: [train.accuracy],
      device: options.device,
      capture: true,
      progress: true,
    })
    await trainer.fit(training, { epochs: options.epochs, batchSize: 100 })
  }
  const { members, together } = await compare(ensemble, digits.test, options.device)
  return { ...(await figures(ensemble, together, started)), members }
}
