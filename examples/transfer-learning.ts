// Transfer learning: SqueezeNet, trained on ImageNet, learns to tell ants from bees by 184 photos. Its features stand still at
// first; a new head learns, then all layers at a smaller rate.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { data, defaultGenerator, flip, io, models, nn, optim, scope, tensor, train, type Tensor } from 'convcore'
import { figures, type Options, type Trained, atLeast, type Row } from './example.js'

export const epochs = 10

export const rows: readonly Row[] = [atLeast('L4.11', 0.9)]

const SIDE = 224
const MARGIN = 32
const WEIGHTS = 'weights/squeezenet1.1-fp16/squeezenet1.1_fp16.safetensors'

/** Photos of a folder per class; in training, each time another crop, mirrored or not. */
class Photos implements data.Dataset<[image: Tensor, label: number]> {
  constructor(
    private readonly pixels: readonly Uint8Array[],
    private readonly labels: readonly number[],
    private readonly augmented: boolean,
  ) {}

  get length(): number {
    return this.pixels.length
  }

  /** Blue, green and red less their means, as these weights want them: [3, 224, 224]. */
  get(index: number): [Tensor, number] {
    const image = scope(() => {
      const shape = [SIDE + MARGIN, SIDE + MARGIN, 3]
      const place = () => (this.augmented ? defaultGenerator.integer(MARGIN + 1) : MARGIN / 2)
      const [top, left] = [place(), place()]
      const pixels = tensor(this.pixels[index]!, { shape })
        .slice(0, top, top + SIDE)
        .slice(1, left, left + SIDE)
      const mirrored = this.augmented && defaultGenerator.random() < 0.5 ? flip(pixels, 1) : pixels
      return flip(mirrored, 2)
        .to('float32')
        .sub(tensor([104, 117, 123]))
        .permute(2, 0, 1)
    })
    return [image, this.labels[index]!]
  }
}

/** The shorter side cut to 256 pixels. What is no JPEG, like a GIF that says that the photo is gone, is left out. */
async function load(root: string, augmented: boolean): Promise<Photos> {
  const classes = (await readdir(root)).sort()
  const pixels: Uint8Array[] = []
  const labels: number[] = []
  for (const [label, name] of classes.entries())
    for (const file of (await readdir(join(root, name))).sort()) {
      if (!/\.jpe?g$/i.test(file)) continue
      const side = SIDE + MARGIN
      const image = sharp(join(root, name, file))
        .resize(side, side, { fit: 'cover' })
        .toColourspace('srgb')
        .removeAlpha()
      pixels.push(new Uint8Array(await image.raw().toBuffer()))
      labels.push(label)
    }
  return new Photos(pixels, labels, augmented)
}

export async function run(options: Options): Promise<Trained> {
  if (!options.data) throw new Error('transfer-learning: expected --data FOLDER with hymenoptera/ and weights/')
  const started = performance.now()
  const [training, validation] = await Promise.all(
    ['train', 'val'].map((split) => load(join(options.data!, 'hymenoptera', split), split === 'train')),
  )
  console.log(`data: ${training!.length} photos to train on and ${validation!.length} to test with`)

  const model = models.squeezenet1_1()
  model.loadStateDict(models.fromCaffe(model, await io.loadSafetensors(join(options.data, WEIGHTS))))
  const tuning = models.fineTune(model, { numClasses: 2, lr: 1e-3, featuresLr: 5e-5, unfreezeAfter: 4 })
  const optimizer = new optim.Adam(tuning.optimizerGroups())
  const trainer = new train.Trainer(model, {
    optimizer,
    scheduler: new optim.lrScheduler.CosineAnnealingLR(optimizer, options.epochs),
    loss: new nn.CrossEntropyLoss(),
    metrics: [train.accuracy],
    device: options.device,
    progress: true,
  })
  const history = await trainer.fit(new data.DataLoader(training!, { batchSize: 16, shuffle: true }), {
    epochs: options.epochs,
    validation: validation!,
    // Ends with the weights of the epoch that had the least validation loss.
    callbacks: [tuning, new train.EarlyStopping({ patience: options.epochs })],
    onEpoch: ({ epoch, loss, validationAccuracy }) =>
      console.log(`epoch ${epoch}: loss ${loss.toFixed(3)}, validation ${(100 * validationAccuracy!).toFixed(1)} %`),
  })
  const { accuracy } = await trainer.evaluate(validation!)
  return { ...(await figures(model, accuracy!, started)), history }
}
