import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { keras, nn, noGrad, softmax, tensor, type Tensor } from 'convcore'

const { CONVCORE_DATA } = process.env
const data = CONVCORE_DATA ?? ''
const weights = (name: string) => join(data, 'weights', name)
const without = (...paths: string[]) =>
  CONVCORE_DATA && paths.every((path) => existsSync(path))
    ? false
    : `CONVCORE_DATA names no folder with ${paths.join(', ')}`
const json = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'))

/** The first of CIFAR-10's test images, 0 to 255, and their labels. */
function cifar(count: number): { images: Tensor; labels: number[] } {
  const bytes = gunzipSync(readFileSync(join(data, 'cifar10/test_batch_first1000.bin.gz')))
  const images = new Float32Array(count * 3072)
  const labels = Array.from({ length: count }, (_, i) => {
    images.set(bytes.subarray(i * 3073 + 1, (i + 1) * 3073), i * 3072)
    return bytes[i * 3073]!
  })
  return { images: tensor(images, { shape: [count, 3, 32, 32] }), labels }
}

const resnet8 = weights('mlperf-tiny-resnet8')
t.test(
  'MLPerf Tiny’s ResNet-8 knows 881 of 1,000 images',
  { skip: without(resnet8, join(data, 'cifar10')) },
  async (t) => {
    const model = keras.fromConfig(
      json(join(resnet8, 'keras_model_config.json')),
      await keras.loadWeights(join(resnet8, 'pretrainedResnet.safetensors')),
    )
    const { images, labels } = cifar(1000)
    const probabilities = noGrad(() => model(images))
    const guesses = await probabilities.argmax(1).data()
    t.equal(labels.filter((label, i) => label === guesses[i]).length, 881)
    const { logits_first_4: logits } = json(join(resnet8, 'reference_outputs.json')) as { logits_first_4: number[][] }
    const expected = await softmax(tensor(logits)).data()
    const got = (await probabilities.data()).subarray(0, 40)
    t.ok(expected.every((p, i) => Math.abs(p - got[i]!) < 1e-4))
  },
)

const tinyVgg = weights('tiny-vgg')
t.test(
  'Tiny VGG gives its reference outputs',
  { skip: without(tinyVgg, join(data, 'images/tiny-vgg-64')) },
  async (t) => {
    const { default: sharp } = await import('sharp')
    const model = await keras.loadLayersModel(tinyVgg)
    t.equal(
      String(model).split('\n')[1],
      '  (conv_1_1): Conv2d(3, 10, kernel_size=(3, 3), stride=(1, 1), padding=valid)',
    )
    const { probabilities } = json(join(tinyVgg, 'reference_outputs.json')) as {
      probabilities: Record<string, number[]>
    }
    for (const [name, expected] of Object.entries(probabilities)) {
      const path = join(data, 'images/tiny-vgg-64', name)
      const pixels = await sharp(path).toColourspace('srgb').removeAlpha().raw().toBuffer()
      const image = tensor(
        Float32Array.from(pixels, (p) => p / 255),
        { shape: [1, 64, 64, 3] },
      ).permute(0, 3, 1, 2)
      const got = await noGrad(() => model(image)).data()
      const worst = Math.max(...expected.map((p, i) => Math.abs(p - got[i]!)))
      t.ok(worst < 1e-4, `${name} differs by ${worst}`)
    }
  },
)

const mobilenet = weights('mobilenet_v1_0.25_224-tfjs')
t.test('weights without a model are read and brought to modules of ours', { skip: without(mobilenet) }, async (t) => {
  const weights = await keras.loadWeights(mobilenet)
  t.equal(
    Object.values(weights).reduce((sum, x) => sum + x.size, 0),
    475_544,
  )
  await t.rejects(keras.loadLayersModel(mobilenet), {
    name: 'FormatError',
    message: /expected a modelTopology, got null/,
  })
  const block = new nn.Sequential({
    dw: new nn.Conv2d(8, 8, 3, { padding: 1, groups: 8, bias: false }),
    dw_bn: new nn.BatchNorm2d(8),
    pw: new nn.Conv2d(8, 16, 1, { bias: false }),
  })
  const nameOf = (path: string) => path.replace('dw', 'conv_dw_1').replace('pw', 'conv_pw_1')
  const state = keras.toStateDict(block, weights, { nameOf })
  const { missingKeys, unexpectedKeys } = block.loadStateDict(state, { strict: false })
  t.same(missingKeys, [])
  t.equal(unexpectedKeys.length, 137 - 6)
  const kernel = await weights['conv_dw_1/depthwise_kernel']!.data()
  const own = await block.getParameter('dw.weight').data()
  t.equal(own[5 * 9 + 3 * 2 + 1], kernel[(3 * 2 + 1) * 8 + 5])
})
