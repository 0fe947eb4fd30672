import { createHash } from 'node:crypto'
import { layoutConversions, manualSeed, models, type nn, noGrad, scope, toChannelsLast, type Tensor } from 'convcore'
import t from 'tap'
import { fixture } from '../fixture.js'
import { dispose, fill, image } from './weights.js'

interface Row {
  input: number
  /** For 1000 classes. */
  parameters: number
  /** SHA-256 of names and shapes, for 10 classes. */
  state: string
  /** For 10 classes. */
  outputs: number[][]
}

type Auxiliary = Record<'logits' | 'aux_logits' | 'aux_logits1' | 'aux_logits2' | 'transformed', number[][]> & {
  input: number
  withoutAuxiliary: number
}

t.setTimeout(300_000)

const { networks, auxiliary } = await fixture<{
  networks: Record<string, Row>
  auxiliary: Record<'googlenet' | 'inceptionV3', Auxiliary>
}>('models')

const make = models as unknown as Record<string, (options: { numClasses: number }) => nn.Layer>

/** By how much y differs, by the largest of what is expected. */
function distance(y: Tensor, expected: readonly number[][]): number {
  const [got, want] = [y.dataSync(), expected.flat()]
  if (got.length !== want.length) return Infinity
  const largest = Math.max(...want.map(Math.abs))
  return Math.max(...want.map((value, i) => Math.abs(got[i]! - value))) / largest
}

/** Of names and shapes. */
function digest(model: nn.Module): string {
  const lines = Object.entries(model.stateDict()).map(([name, { shape }]) => `${name} [${shape.join(',')}]\n`)
  return createHash('sha256').update(lines.join('')).digest('hex')
}

/** A map that is flattened with more than a pixel in it is brought to PyTorch's order; nothing else is. */
const flattensMaps = /^(lenet5|alexnet|vgg)/

t.test('each network has the names, shapes and outputs of PyTorch, and keeps its layout up to flatten', (t) => {
  for (const [name, { input, state, outputs }] of Object.entries(networks))
    t.test(name, (t) => {
      scope(() =>
        noGrad(() => {
          const model = fill(make[name]!({ numClasses: 10 })).eval()
          t.equal(digest(model), state, 'the same names and shapes in the same order')
          const x = toChannelsLast(image(2, name === 'lenet5' ? 1 : 3, input))
          const before = layoutConversions()
          const y = model(x)
          t.equal(layoutConversions() - before, flattensMaps.test(name) ? 1 : 0)
          const error = distance(y, outputs)
          t.ok(error < 1e-4, `differs by ${error.toExponential(1)}`)
          dispose(model)
        }),
      )
      t.end()
    })
  t.end()
})

t.test(
  'the auxiliary classifiers of GoogLeNet and Inception-v3 learn in training, and images may be transformed',
  (t) => {
    const dropout = { dropout: 0, dropoutAux: 0, numClasses: 10 }
    for (const [name, make, named] of [
      ['googlenet', models.googlenet, { aux_logits2: 'auxLogits2', aux_logits1: 'auxLogits1' }],
      ['inceptionV3', models.inceptionV3, { aux_logits: 'auxLogits' }],
    ] as const) {
      const { input, logits, transformed, withoutAuxiliary, ...others } = auxiliary[name]
      scope(() =>
        noGrad(() => {
          // Statistics of two images amplify rounding errors of float32.
          const model = fill(make(dropout)).double()
          const outputs = model.auxiliary(image(2, 3, input).to('float64')) as unknown as Record<string, Tensor>
          t.ok(distance(outputs.logits!, logits) < 1e-6, `${name}: logits by batch statistics`)
          for (const [theirs, ours] of Object.entries(named))
            t.ok(distance(outputs[ours]!, others[theirs as keyof typeof others]) < 1e-6, `${name}: ${ours}`)
          const transforming = fill(make({ numClasses: 10, transformInput: true })).eval()
          t.ok(distance(transforming(image(1, 3, input)), transformed) < 1e-4, `${name}: transformInput`)
          const without = make({ auxLogits: false })
          t.equal(without.countParameters(), withoutAuxiliary)
          t.throws(() => without.auxiliary(image(1, 3, input)), { name: 'TypeError', message: /got auxLogits: false/ })
        }),
      )
    }
    t.end()
  },
)

t.test('a network learns: gradients reach every parameter', (t) => {
  manualSeed(1)
  for (const [name, side] of Object.entries({
    resnet18: 32,
    resnet50: 32,
    resnet20: 32,
    mobilenetV1: 32,
    xception: 71,
  })) {
    const model = make[name]!({ numClasses: 3 })
    model(image(2, 3, side))
      .square()
      .mean()
      .backward()
    const without = [...model.namedParameters()].filter(([, p]) => !p.grad).map(([name]) => name)
    t.same(without, [], name)
    dispose(model)
  }
  t.end()
})

t.test('CIFAR networks and MobileNet v1 keep the layout of images too', (t) => {
  for (const name of ['resnet20', 'resnet56', 'mobilenetV1']) {
    const model = make[name]!({ numClasses: 10 }).eval()
    const x = toChannelsLast(image(2, 3, 32))
    const before = layoutConversions()
    t.same(model(x).shape, [2, 10])
    t.equal(layoutConversions(), before, name)
  }
  t.end()
})

t.test('options that do not fit are refused', (t) => {
  t.throws(() => models.resnet18({ numClasses: 0 }), {
    name: 'RangeError',
    message: /expected outFeatures to be a positive/,
  })
  t.throws(() => models.mobilenetV1({ alpha: 0 }), {
    name: 'RangeError',
    message: /expected outChannels to be a positive/,
  })
  t.throws(() => models.mobilenetV2({ widthMult: -1 }), {
    name: 'RangeError',
    message: /MobileNetV2: expected widthMult to be positive, got -1/,
  })
  t.throws(() => models.squeezenet1_1({ dropout: 2 }), {
    name: 'RangeError',
    message: /expected p to be between 0 and 1/,
  })
  t.throws(() => models.lenet5()(image(1, 3, 28)), { name: 'ShapeError' })
  t.end()
})

t.test('a residual network can begin as its shortcuts alone', (t) => {
  const { layer1 } = models.resnet18({ zeroInitResidual: true })
  const block = layer1.at(0) as models.BasicBlock
  t.same([...block.bn2.weight!.dataSync()], new Array(64).fill(0))
  t.ok([...block.bn1.weight!.dataSync()].every((w) => w === 1))
  t.end()
})
