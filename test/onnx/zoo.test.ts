import { join } from 'node:path'
import t from 'tap'
import { manualSeed, models, type nn, noGrad, onnx, scope, type Tensor } from 'convcore'
import { dispose, fill, image } from '../models/weights.js'
import { distance, runtime } from './runtime.js'

t.setTimeout(300_000)
manualSeed(1)

const folder = t.testdir({})
const numClasses = 10
/** With the side of a small input. */
const networks: Record<string, [make: () => nn.Module, side: number]> = {
  resnet18: [() => models.resnet18({ numClasses }), 64],
  squeezenet1_1: [() => models.squeezenet1_1({ numClasses }), 64],
  mobilenetV1: [() => models.mobilenetV1({ numClasses, alpha: 0.25 }), 64],
  mobilenetV2: [() => models.mobilenetV2({ numClasses }), 64],
  googlenet: [() => models.googlenet({ numClasses }), 64],
  inceptionV3: [() => models.inceptionV3({ numClasses }), 75],
}

for (const [name, [make, side]] of Object.entries(networks))
  t.test(`${name} leaves for onnxruntime, and comes back`, async (t) => {
    const file = join(folder, `${name}.onnx`)
    const model = fill(make()).eval()
    await onnx.exportModel(model, image(1, 3, side), file)
    const x = image(2, 3, side)
    const expected = valuesOf(model, x)
    t.equal(expected.length, 2 * numClasses)
    t.ok(Math.max(...expected) - Math.min(...expected) > 0.01, 'outputs that differ')
    const [given] = await runtime(file, x)
    t.same(given!.shape, [2, numClasses])
    t.ok(distance(given!.values, expected) < 1e-4, `onnxruntime: ${distance(given!.values, expected)}`)
    const again = await onnx.importModel(file)
    t.ok(distance(valuesOf(again, x), expected) < 1e-4, `ours: ${distance(valuesOf(again, x), expected)}`)
    dispose(model)
    dispose(again)
  })

const valuesOf = (model: nn.Module, x: Tensor): number[] =>
  scope(() => noGrad(() => [...(model as unknown as nn.Layer)(x).dataSync()]))
