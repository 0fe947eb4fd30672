// What layers make of an image: a digit through one convolution and one pooling, then a photo through SqueezeNet.
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  conv2d,
  logSoftmax,
  maxPool2d,
  models,
  nn,
  noGrad,
  randn,
  transforms,
  vision,
  visualize,
  type Tensor,
} from 'convcore'
import { type Figures, loadDigits, type Options, type Row, show } from './example.js'
import { forCaffe, squeezenet } from './transfer-learning.js'

export const epochs = 0

export const rows: readonly Row[] = [
  {
    row: 'L2.4',
    required: '14×14×5, then 7×7×5',
    judge: ({ convolved, pooled }) => ({
      figure: `[${String(convolved)}] and [${String(pooled)}]`,
      held: String(convolved) === '1,5,14,14' && String(pooled) === '1,5,7,7',
    }),
  },
  {
    row: 'L4.12',
    required: 'three layers are drawn; probabilities sum up to 1',
    judge: ({ layers, total }) => ({
      figure: `${(layers as string[]).length} layers drawn, probabilities sum up to ${(total as number).toFixed(6)}`,
      held: (layers as string[]).length === 3 && Math.abs((total as number) - 1) < 1e-5,
    }),
  },
]

const LAYERS = ['features.0', 'features.6', 'features.12']

/** Five filters of 3×3 at a stride of 2 with Keras' SAME padding, none before and one after, then 2×2 SAME pooling. */
export function digitMaps(digit: Tensor): { convolved: Tensor; pooled: Tensor } {
  const convolved = conv2d(digit, randn([5, 1, 3, 3]), undefined, { stride: 2, padding: 'same' })
  return { convolved, pooled: maxPool2d(convolved, 2, { padding: 'same' }) }
}

/** A photo of 100×100 as SqueezeNet's weights want it: [1, 3, 100, 100]. */
async function photo(folder: string): Promise<Tensor> {
  const image = await vision.readImage(join(folder, 'caffe_cat.jpg'), { mode: 'rgb' })
  const resized = new transforms.Resize([100, 100], { antialias: false })(image) // plain bilinear, as OpenCV
  return forCaffe(resized).unsqueeze(0)
}

/** SqueezeNet and a photo from the folder of the data sets, else as it is made, and noise. */
async function load(folder: string | undefined): Promise<{ model: nn.Layer; input: Tensor; classes?: string[] }> {
  if (!folder || !existsSync(join(folder, 'weights')) || !existsSync(join(folder, 'images'))) {
    console.log('no --data FOLDER with weights/ and images/: a network as it is made, and noise')
    return { model: models.squeezenet1_1().eval(), input: randn([1, 3, 100, 100]) }
  }
  const images = join(folder, 'images')
  const classes = (await readFile(join(images, 'imagenet_classes.txt'), 'utf8')).trim().split('\n')
  return { model: (await squeezenet(folder)).eval(), input: await photo(images), classes }
}

export async function run(options: Options): Promise<Figures> {
  const started = performance.now()
  const digits = await loadDigits(options)
  const [digit] = digits.test.batch(Int32Array.of(0))
  const { convolved, pooled } = digitMaps(digit)
  for (const [name, maps] of Object.entries({ digit, convolved, pooled })) {
    console.log(`${name} [${maps.shape.join(', ')}]`)
    const grid = visualize.makeGrid(maps.view(-1, 1, ...maps.shape.slice(2)), { normalize: true, padValue: 1 })
    await show(name, await visualize.image(grid, { scale: 4 }), options)
  }

  const { model, input, classes } = await load(options.data)
  for (const layer of LAYERS) {
    console.log(`feature maps of ${layer}`)
    await show(layer, await visualize.featureMaps(model, layer, input), options)
  }
  const logProbabilities = noGrad(() => logSoftmax(model(input), 1))
  const values = [...(await logProbabilities.data())]
  const best = values.map((value, i) => [value, i] as const).sort(([a], [b]) => b - a)
  for (const [value, i] of best.slice(0, 5))
    console.log(`${value.toFixed(3).padStart(8)}  ${classes?.[i] ?? `class ${i}`}`)
  return {
    convolved: convolved.shape,
    pooled: pooled.shape,
    layers: LAYERS,
    total: values.reduce((sum, value) => sum + Math.exp(value), 0),
    best: classes?.[best[0]![1]],
    seconds: (performance.now() - started) / 1000,
  }
}
