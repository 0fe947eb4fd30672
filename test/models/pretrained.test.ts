import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { io, keras, models, type nn, noGrad, scope, stack, tensor, type Tensor, toChannelsLast, vision } from 'convcore'
import t from 'tap'

t.setTimeout(300_000)

const folder = process.env.CONVCORE_DATA ?? ''
const weights = join(folder, 'weights')
const skip = !existsSync(weights) && 'CONVCORE_DATA names no folder with weights'
const json = async (path: string): Promise<unknown> => JSON.parse(await readFile(join(weights, path), 'utf8'))

/** The model's outputs, a batch at a time, one row for each image. */
function outputs(model: nn.Layer, images: Tensor, batch = 100): number[][] {
  const rows: number[][] = []
  for (let start = 0; start < images.shape[0]!; start += batch)
    scope(() =>
      noGrad(() => {
        const y = model(images.slice(0, start, start + batch))
        const width = y.shape[1]!
        const values = [...y.dataSync()]
        for (let i = 0; i < values.length; i += width) rows.push(values.slice(i, i + width))
      }),
    )
  return rows
}

const best = (row: readonly number[]): number => row.indexOf(Math.max(...row))

interface Cifar {
  models: Record<string, { correct_of_first_1000_test: number; logits_first_4: number[][] }>
}

t.test(
  "CIFAR-10's residual networks give their logits and recognise 915, 928 and 926 of 1,000 images",
  { skip },
  async (t) => {
    const records = gunzipSync(await readFile(join(folder, 'cifar10/test_batch_first1000.bin.gz')))
    const bytes = tensor(new Uint8Array(records), { shape: [1000, 3073] })
    const labels = [...bytes.slice(1, 0, 1).dataSync()]
    const mean = tensor([0.485, 0.456, 0.406], { shape: [1, 3, 1, 1] })
    const std = tensor([0.229, 0.224, 0.225], { shape: [1, 3, 1, 1] })
    const pixels = bytes.slice(1, 1).reshape([1000, 3, 32, 32]).to('float32').div(255)
    const images = toChannelsLast(pixels.sub(mean).div(std))
    const references = (await json('resnet-cifar10/reference_outputs.json')) as Cifar
    const makers = { resnet20: models.resnet20, resnet32: models.resnet32, resnet56: models.resnet56 }
    for (const [name, expected] of Object.entries(references.models)) {
      const model = makers[name.split('-')[0] as keyof typeof makers]().eval()
      model.loadStateDict(await io.loadSafetensors(join(weights, 'resnet-cifar10', `${name}.safetensors`)))
      const logits = outputs(model, images)
      const error = Math.max(
        ...expected.logits_first_4.flatMap((row, i) => row.map((value, j) => Math.abs(value - logits[i]![j]!))),
      )
      t.ok(error < 1e-4, `${name}: logits differ by ${error.toExponential(1)}`)
      const correct = logits.filter((row, i) => best(row) === labels[i]).length
      t.equal(correct, expected.correct_of_first_1000_test, name)
    }
  },
)

type Top5 = [index: number, name: string, probability: number][]

interface Photo {
  file: string
  'squeezenet1.1_top5': Top5
  'mobilenet_0.25_top5': Top5
}

/** Photos of 224×224 that were stored without loss, with the reference's answers; uint8 [N, 3, 224, 224]. */
async function photos(): Promise<{ images: Tensor; references: Photo[] }> {
  const all = (await json('imagenet_reference_outputs.json')) as { images: Photo[] }
  const references = all.images.filter(({ file }) => /crops224|kitten_224/.test(file))
  const paths = references.map(({ file }) => join(folder, file))
  const { images } = await vision.readImages(paths, { mode: 'rgb' })
  return { images: stack(images), references }
}

function check(t: Tap, model: nn.Layer, images: Tensor, expected: readonly Top5[], tolerance: number): void {
  const rows = outputs(model, images, 3).map((row) => {
    const exponentials = row.map((x) => Math.exp(x - Math.max(...row)))
    const sum = exponentials.reduce((a, b) => a + b)
    return exponentials.map((e) => e / sum)
  })
  t.equal(rows.length, 9)
  const error = Math.max(...expected.flatMap((top, i) => top.map(([j, , p]) => Math.abs(rows[i]![j]! - p))))
  t.ok(error < tolerance, `probabilities differ by ${error.toExponential(1)}`)
  t.same(
    rows.map(best),
    expected.map((top) => top[0]![0]),
    'the first of each is the same',
  )
}

type Tap = Pick<typeof t, 'equal' | 'ok' | 'same'>

t.test("SqueezeNet 1.1 by its authors' weights for Caffe answers as the reference", { skip }, async (t) => {
  const { images, references } = await photos()
  const model = models.squeezenet1_1().eval()
  const caffe = await io.loadSafetensors(join(weights, 'squeezenet1.1-fp16/squeezenet1.1_fp16.safetensors'))
  model.loadStateDict(models.fromCaffe(model, caffe))
  const blueFirst = images
    .flip(1)
    .to('float32')
    .sub(tensor([104, 117, 123], { shape: [1, 3, 1, 1] }))
  const expected = references.map((photo) => photo['squeezenet1.1_top5'])
  check(t, model, toChannelsLast(blueFirst), expected, 2e-2)

  const { 'conv1.bias': conv1, ...others } = caffe
  t.throws(() => model.loadStateDict(models.fromCaffe(model, { ...others, 'conv11.bias': conv1! })), {
    name: 'FormatError',
    message: /features\.0\.bias: missing\n.*conv11\.bias: unexpected/,
  })
})

t.test("MobileNet v1 0.25 by Keras' weights answers as the reference", { skip }, async (t) => {
  const { images, references } = await photos()
  const model = models.mobilenetV1({ alpha: 0.25 }).eval()
  model.loadStateDict(keras.toStateDict(model, await keras.loadWeights(join(weights, 'mobilenet_v1_0.25_224-tfjs'))))
  const expected = references.map((photo) => photo['mobilenet_0.25_top5'])
  check(t, model, toChannelsLast(images.to('float32').div(127.5).sub(1)), expected, 1e-4)
})
