// Transfer learning: SqueezeNet, trained on ImageNet, learns to tell ants from bees by 184 photos. Its features stand still
// for an epoch, in which a new head learns; then all layers do, at a smaller rate.
import { join } from 'node:path'
import { cat, data, flip, io, models, nn, optim, train, transforms, type Tensor } from 'convcore'
import { atLeast, figures, type Options, type Row, type Trained } from './example.js'
import { Transformed } from './transformed.js'

export const epochs = 10

export const rows: readonly Row[] = [atLeast('L4.11', 0.9)]

const SIDE = 224
const MARGIN = 32 // around what validation takes

/** SqueezeNet as its authors trained it, with Caffe: from a folder with `weights/`. */
export async function squeezenet(folder: string): Promise<models.SqueezeNet> {
  const path = join(folder, 'weights', 'squeezenet1.1-fp16', 'squeezenet1.1_fp16.safetensors')
  const model = models.squeezenet1_1()
  model.loadStateDict(models.fromCaffe(model, await io.loadSafetensors(path)))
  return model
}

/** Bytes [..., 3, H, W] as these weights want them: blue, green and red less their means. */
export const forCaffe = new transforms.Compose([
  (rgb) => flip(rgb, -3),
  new transforms.Normalize(
    [104, 117, 123].map((mean) => mean / 255),
    1 / 255,
  ),
])

const square = new transforms.Compose([new transforms.Resize(SIDE + MARGIN), new transforms.CenterCrop(SIDE + MARGIN)])

const augment = new transforms.Compose([
  new transforms.RandomResizedCrop(SIDE, { scale: [0.3, 1], perSample: true }),
  new transforms.RandomHorizontalFlip({ perSample: true }),
  forCaffe,
])

const middle = new transforms.Compose([new transforms.CenterCrop(SIDE), forCaffe])

/** Photos of a folder per class, squares of bytes: decoded once. What is no photo, or cannot be read, is left out. */
async function load(folder: string, samples = Infinity): Promise<data.TensorDataset<[images: Tensor, labels: Tensor]>> {
  const photos = new data.ImageFolder(folder, { transform: square, onError: 'skip' })
  for (const path of photos.ignored) console.log(`left out: ${path}`)
  const sampler = new data.RandomSampler(photos, { numSamples: Math.min(samples, photos.length) })
  const batches: [Tensor, Tensor][] = []
  for await (const batch of new data.DataLoader(photos, { batchSize: 16, sampler })) batches.push(batch)
  return new data.TensorDataset(cat(batches.map(([images]) => images)), cat(batches.map(([, labels]) => labels)))
}

export async function run(options: Options): Promise<Trained> {
  if (!options.data) throw new Error('transfer-learning: expected --data FOLDER with hymenoptera/ and weights/')
  const started = performance.now()
  const training = await load(join(options.data, 'hymenoptera', 'train'), options.samples)
  const validation = new Transformed(await load(join(options.data, 'hymenoptera', 'val'), options.samples), middle)
  console.log(`data: ${training.length} photos to train on and ${validation.length} to test with`)

  const model = await squeezenet(options.data)
  const tuning = models.fineTune(model, { numClasses: 2, lr: 2e-3, featuresLr: 1e-4, unfreezeAfter: 1 })
  const optimizer = new optim.Adam(tuning.optimizerGroups())
  const trainer = new train.Trainer(model, {
    optimizer,
    scheduler: new optim.lrScheduler.CosineAnnealingLR(optimizer, options.epochs),
    loss: new nn.CrossEntropyLoss(),
    metrics: [train.accuracy],
    device: options.device,
    progress: true,
  })
  const loader = new data.DataLoader(new Transformed(training, augment), { batchSize: 16, shuffle: true })
  const history = await trainer.fit(loader, {
    epochs: options.epochs,
    validation,
    // Ends with the weights of the epoch that had the least validation loss.
    callbacks: [tuning, new train.EarlyStopping({ patience: options.epochs })],
    onEpoch: ({ epoch, loss, validationAccuracy }) =>
      console.log(`epoch ${epoch}: loss ${loss.toFixed(3)}, validation ${(100 * validationAccuracy!).toFixed(1)} %`),
  })
  const { accuracy } = await trainer.evaluate(validation)
  return { ...(await figures(model, accuracy!, started)), history }
}
