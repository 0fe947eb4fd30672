import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { compile, data, onnx, scope, tensor } from 'convcore'
import { distance } from './runtime.js'

const { CONVCORE_DATA = '' } = process.env
const has = (...paths: string[]) => paths.every((path) => existsSync(join(CONVCORE_DATA, path)))
const skip = CONVCORE_DATA && has('weights', 'mnist') ? false : 'CONVCORE_DATA names no folder with weights/ and mnist/'
const read = (path: string): unknown => JSON.parse(readFileSync(join(CONVCORE_DATA, path), 'utf8'))

t.test('the MNIST network of Windows-Machine-Learning, written by CNTK', { skip }, async (t) => {
  const model = await onnx.importModel(join(CONVCORE_DATA, 'weights/mnist-onnx/mnist.onnx'))
  t.equal(model.countParameters(), 5994)
  const digits = await data.mnist({ split: 'test' })
  const { logits_first_4: logits } = read('weights/mnist-onnx/reference_outputs.json') as { logits_first_4: number[][] }
  const labels = digits.labels.dataSync()
  const predict = compile(model)
  let correct = 0
  for (let i = 0; i < digits.length; i++) {
    scope(() => {
      const y = predict(digits.batch(Int32Array.of(i))[0].mul(255)).dataSync()
      if (i < 4) t.ok(distance(y, logits[i]!) < 1e-4, `image ${i}`)
      if (y.indexOf(Math.max(...y)) === labels[i]) correct++
    })
  }
  t.equal(correct, 9891)
})

interface Photo {
  file: string
  'squeezenet1.1_top5': [index: number, name: string, probability: number][]
}

t.test('SqueezeNet of half precision', { skip }, async (t) => {
  const { default: sharp } = await import('sharp')
  const model = await onnx.importModel(join(CONVCORE_DATA, 'weights/squeezenet1.1-fp16/SqueezeNet_fp16.onnx'))
  t.equal(model.countParameters(), 1235496)
  const { images } = read('weights/imagenet_reference_outputs.json') as { images: Photo[] }
  const exact = images.filter(({ file }) => file.endsWith('.png'))
  t.ok(exact.length > 3)
  for (const { file, 'squeezenet1.1_top5': top } of exact) {
    const { data: pixels, info } = await sharp(join(CONVCORE_DATA, file)).removeAlpha().raw().toBuffer({ resolveWithObject: true }) // prettier-ignore
    t.same([info.width, info.height, info.channels], [224, 224, 3])
    const image = tensor(Float32Array.from(pixels), { shape: [1, 224, 224, 3] })
    const input = image
      .flip(3)
      .sub(tensor([104, 117, 123]))
      .permute(0, 3, 1, 2)
    const y = model(input).dataSync()
    t.equal(y.indexOf(Math.max(...y)), top[0]![0], file)
    for (const [index, name, probability] of top) t.ok(Math.abs(y[index]! - probability) < 2e-2, `${file}: ${name}`)
  }
})
