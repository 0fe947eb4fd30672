import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import {
  io,
  keras,
  models,
  type nn,
  noGrad,
  scope,
  stack,
  tensor,
  type Tensor,
  toChannelsLast,
  transforms,
  vision,
} from 'convcore'
import t from 'tap'

const { functional } = transforms

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

type Network = 'squeezenet1.1_top5' | 'mobilenet_0.25_top5'
type Photo = { file: string } & Record<Network, Top5>

/**
 * As the reference: what is not 224×224 has its shorter edge brought to 256, by Pillow's bilinear filter, and the middle cut
 * out. It does not say how it rounds; its answers are those of a longer edge to the nearest and a corner downwards.
 */
function prepared(image: Tensor): Tensor {
  const [, h, w] = image.shape as [number, number, number]
  if (h === 224 && w === 224) return image
  const [height, width] = [h, w].map((side) => Math.round((256 * side) / Math.min(h, w))) as [number, number]
  const corner = (side: number) => Math.floor((side - 224) / 2)
  return functional.crop(functional.resize(image, [height, width]), corner(height), corner(width), 224, 224)
}

/** The sample photos with the reference's answers; uint8 [30, 3, 224, 224]. */
async function photos(): Promise<{ images: Tensor; references: Photo[] }> {
  const { images: references } = (await json('imagenet_reference_outputs.json')) as { images: Photo[] }
  const paths = references.map(({ file }) => join(folder, file))
  const { images } = await vision.readImages(paths, { mode: 'rgb' })
  return { images: stack(images.map(prepared)), references }
}

/** The same class first, and probabilities within 1e-4, or 1e-2 where JPEG decoders differ. */
function check(t: Tap, model: nn.Layer, images: Tensor, references: readonly Photo[], name: Network): void {
  const rows = outputs(model, images, 3).map((row) => {
    const exponentials = row.map((x) => Math.exp(x - Math.max(...row)))
    const sum = exponentials.reduce((a, b) => a + b)
    return exponentials.map((e) => e / sum)
  })
  t.equal(rows.length, 30)
  for (const [i, { file, [name]: top }] of references.entries()) {
    const row = rows[i]!
    t.equal(best(row), top[0]![0], `${file} is a ${top[0]![1]}`)
    const error = Math.max(...top.map(([j, , probability]) => Math.abs(row[j]! - probability)))
    const allowed = /\.jpe?g$/i.test(file) ? 1e-2 : 1e-4
    t.ok(error < allowed, `${file}: probabilities differ by ${error.toExponential(1)}`)
  }
}

type Tap = Pick<typeof t, 'equal' | 'ok'>

t.test("SqueezeNet 1.1 by its authors' weights for Caffe answers as the reference", { skip }, async (t) => {
  const { images, references } = await photos()
  const model = models.squeezenet1_1().eval()
  const caffe = await io.loadSafetensors(join(weights, 'squeezenet1.1-fp16/squeezenet1.1_fp16.safetensors'))
  model.loadStateDict(models.fromCaffe(model, caffe))
  const blueFirst = images
    .flip(1)
    .to('float32')
    .sub(tensor([104, 117, 123], { shape: [1, 3, 1, 1] }))
  check(t, model, toChannelsLast(blueFirst), references, 'squeezenet1.1_top5')

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
  const x = toChannelsLast(images.to('float32').div(127.5).sub(1))
  check(t, model, x, references, 'mobilenet_0.25_top5')
})
