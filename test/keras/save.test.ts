import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { keras, manualSeed, nn, noGrad, randn, type Tensor } from 'convcore'
import { fixture } from '../fixture.js'
import { outputsOf, tensorOf, toOurs, type Fixture, weightsOf } from './keras.js'

const fixtures = await fixture<Record<string, Fixture>>('keras')

for (const [name, each] of Object.entries(fixtures))
  t.test(`the Keras model ${name} goes out and comes back`, async (t) => {
    const folder = join(t.testdir({}), 'model')
    const model = keras.fromConfig<nn.Module>(each.config, weightsOf(each))
    const first = each.inputs[0]!.shape
    await keras.saveLayersModel(model, folder, { inputShape: [first.at(-1)!, ...first.slice(1, -1)] })
    t.same(readdirSync(folder).toSorted(), ['model.json', 'weights.bin'])
    const inputs = each.inputs.map((x) => toOurs(tensorOf(x)))
    const expected = outputsOf(model, inputs)
    const got = outputsOf(await keras.loadLayersModel<nn.Module>(folder), inputs)
    t.equal(got.length, expected.length)
    for (const [i, y] of got.entries()) await close(t, y, expected[i]!)
  })

async function close(t: Test, y: Tensor, expected: Tensor): Promise<void> {
  t.same(y.shape, expected.shape)
  const [a, b] = [await y.data(), await expected.data()]
  const worst = Math.max(...a.map((value, i) => Math.abs(value - b[i]!) / Math.max(1, Math.abs(b[i]!))))
  t.ok(worst < 1e-5, `differs by ${worst}`)
}

const networks: [string, nn.Layer, number[]][] = [
  [
    'padding by numbers',
    new nn.Sequential(
      new nn.Conv2d(3, 4, 3, { padding: 1 }),
      new nn.BatchNorm2d(4),
      new nn.ReLU(),
      new nn.Conv2d(4, 6, 3, { stride: 2, padding: [2, 1], groups: 2 }),
      new nn.AvgPool2d(2, { padding: 1 }),
      new nn.Conv2d(6, 6, 3, { padding: 'same', groups: 6 }),
      new nn.ReLU6(),
      new nn.MaxPool2d(2, { padding: 'same' }),
      new nn.Flatten(),
      new nn.Dropout(0.3),
      new nn.Linear(24, 5),
      new nn.LogSoftmax(),
    ),
    [3, 9, 8],
  ],
  [
    'sequences in a sequence',
    new nn.Sequential({
      features: new nn.Sequential(new nn.SeparableConv2d(2, 3, 3), new nn.Hardsigmoid(), new nn.PReLU()),
      upsample: new nn.Upsample({ scaleFactor: 2, mode: 'bilinear' }),
      transposed: new nn.ConvTranspose2d(3, 2, 3, { stride: 2, padding: 1, outputPadding: 1 }),
      pool: new nn.AdaptiveAvgPool2d([2, 4]),
      global: new nn.AdaptiveMaxPool2d(1),
      flatten: new nn.Flatten(),
      head: new nn.Linear(2, 3, { bias: false }),
    }),
    [2, 6, 6],
  ],
  ['an image flattened last', new nn.Sequential(new nn.Conv2d(2, 3, 2), new nn.Flatten(), new nn.Tanh()), [2, 3, 4]],
  [
    'signals',
    new nn.Sequential(
      new nn.Conv1d(2, 4, 3, { padding: 1 }),
      new nn.LeakyReLU(0.2),
      new nn.MaxPool1d(2),
      new nn.ZeroPad1d([1, 2]),
      new nn.Flatten(),
      new nn.BatchNorm1d(28),
      new nn.LayerNorm(28),
      new nn.Linear(28, 2),
      new nn.Softmax(),
    ),
    [2, 8],
  ],
]

for (const [name, network, inputShape] of networks)
  t.test(`a network of ours with ${name} goes out and comes back`, async (t) => {
    manualSeed(3)
    const folder = t.testdir({})
    for (const x of network.buffers()) if (x.dtype === 'float32') x.copy_(randn(x.shape).abs().add(0.5))
    for (const p of network.parameters()) noGrad(() => p.copy_(randn(p.shape).mul(0.5)))
    network.eval()
    await keras.saveLayersModel(network, folder, { inputShape })
    const x = randn([2, ...inputShape])
    const loaded = await keras.loadLayersModel(folder)
    await close(t, loaded(x), network(x))
  })

t.test('a shared layer is written once', async (t) => {
  const folder = t.testdir({})
  const [a, b] = [nn.input([4]), nn.input([4])]
  const fc = new nn.Linear(4, 2)
  const model = new nn.Model([a, b], new nn.Add()(fc(a), fc(b)), { layers: { fc } })
  await keras.saveLayersModel(model, folder)
  const loaded = await keras.loadLayersModel<typeof model>(folder)
  t.equal([...loaded.parameters()].length, 2)
  const [x, y] = [randn([3, 4]), randn([3, 4])]
  await close(t, loaded(x, y), model(x, y))
})

t.test('the file has the kernels in Keras’ layout', async (t) => {
  const folder = t.testdir({})
  const conv = new nn.Conv2d(3, 4, [1, 2])
  const model = new nn.Sequential({ conv, flatten: new nn.Flatten(), fc: new nn.Linear(16, 5) })
  await keras.saveLayersModel(model, folder, { inputShape: [3, 2, 3] })
  const weights = await keras.loadWeights(folder)
  t.same(Object.keys(weights), ['conv/kernel', 'conv/bias', 'fc/kernel', 'fc/bias'])
  t.same(weights['conv/kernel']!.shape, [1, 2, 3, 4])
  const [kernel, weight] = [await weights['fc/kernel']!.data(), await model.getParameter('fc.weight').data()]
  // Row h·2·4 + w·4 + c of Keras is column c·2·2 + h·2 + w of ours.
  for (const [h, w, c, out] of [
    [0, 0, 1, 0],
    [1, 0, 2, 3],
    [1, 1, 3, 4],
  ] as const)
    t.equal(kernel[((h * 2 + w) * 4 + c) * 5 + out], weight[out * 16 + c * 4 + h * 2 + w])
  const { modelTopology } = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8')) as {
    modelTopology: { model_config: { class_name: string } }
  }
  t.equal(modelTopology.model_config.class_name, 'Sequential')
})

t.test('what Keras has no counterpart for is named, and nothing is written', async (t) => {
  const folder = t.testdir({})
  class Net extends nn.Module {
    forward(x: Tensor): Tensor {
      return x
    }
  }
  const refused: [nn.Module, RegExp][] = [
    [new Net(), /an nn\.Sequential or an nn\.Model/],
    [new nn.Sequential(new Net()), /layers that Keras has, got 0: Net\(\)/],
    [new nn.Sequential(new nn.MaxPool2d(2, { padding: 1 })), /pooling with padding/],
    [new nn.Sequential(new nn.Linear(4, 2)), /linear layers of vectors, got 0: Linear/],
    [new nn.Sequential(new nn.Softmax(3)), /softmax over the channels/],
    [new nn.Sequential(new nn.LocalResponseNorm(3)), /LocalResponseNorm/],
  ]
  for (const [model, message] of refused)
    await t.rejects(keras.saveLayersModel(model, folder, { inputShape: [2, 4, 4] }), { name: 'TypeError', message })
  await t.rejects(keras.saveLayersModel(new nn.Sequential(new nn.ReLU()), folder), { message: /expected inputShape/ })
  t.same(readdirSync(folder), [])
})
