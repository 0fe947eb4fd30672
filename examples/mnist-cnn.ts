// A convolutional network on MNIST, in three styles: three blocks of 3×3 convolution, ReLU and 2×2 pooling.
import { models, nn, optim, train } from 'convcore'
import { atLeast, figures, loadDigits, type Trained, type Options, type Row } from './example.js'

export const epochs = 15

export const rows: readonly Row[] = Object.entries({
  'L2.6': 'sequential',
  'L2.7': 'functional',
  'L2.8': 'subclass',
}).map(([row, style]) => atLeast(row, 0.99, { parameters: 619_786, args: ['--style', style] }))

const conv = (inputs: number, outputs: number) => new nn.Conv2d(inputs, outputs, 3, { padding: 'same' })
const pool = () => new nn.MaxPool2d(2, { ceilMode: true }) // 28 → 14 → 7 → 4

/** One layer after the other. */
function sequential(): nn.Layer {
  const block = (inputs: number, outputs: number) => [conv(inputs, outputs), new nn.ReLU(), pool()]
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

/** A graph of layers from an input to an output. */
function functional(): nn.Layer {
  const block = (x: nn.SymbolicTensor, inputs: number, outputs: number) =>
    pool()(new nn.ReLU()(conv(inputs, outputs)(x)))
  const image = nn.input([1, 28, 28])
  let h = block(image, 1, 32)
  h = block(h, 32, 64)
  h = block(h, 64, 128)
  h = new nn.Linear(128 * 4 * 4, 256)(new nn.Flatten()(h))
  h = new nn.Dropout(0.4)(new nn.ReLU()(h))
  return new nn.Model(image, new nn.Linear(256, 10)(h))
}

export const styles: Readonly<Record<string, () => nn.Layer>> = {
  sequential,
  functional,
  /** A class with a forward of its own, whose `training` switches dropout: lib/models/mnistCnn.ts. */
  subclass: models.mnistCnn,
}

export function build(style = 'sequential'): nn.Layer {
  const make = styles[style]
  if (!make) throw new RangeError(`--style: expected one of ${Object.keys(styles).join(', ')}, got "${style}"`)
  return make()
}

export async function run(options: Options): Promise<Trained> {
  const digits = await loadDigits(options)
  const started = performance.now()
  const model = build(options.style)
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
