import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { data, io, manualSeed, models, nn, optim, randn, tensor, train, type Tensor } from 'convcore'
import t from 'tap'

/** Twelve images of three classes, at random. */
function images(channels: number, side: number): data.TensorDataset<readonly [Tensor, Tensor]> {
  const labels = tensor(Int32Array.from({ length: 12 }, (_, i) => i % 3))
  return new data.TensorDataset(randn([12, channels, side, side]), labels)
}

const copies = (model: nn.Module): Map<string, number[]> =>
  new Map(Object.entries(model.stateDict()).map(([name, x]) => [name, [...x.dataSync()]]))

/** Names of what has changed since. */
const changed = (model: nn.Module, before: Map<string, number[]>): string[] =>
  Object.entries(model.stateDict())
    .filter(([name, x]) => String([...x.dataSync()]) !== String(before.get(name)))
    .map(([name]) => name)

const trainerOf = (model: nn.Layer, tuning: models.FineTuning) =>
  new train.Trainer(model, { optimizer: new optim.Adam(tuning.optimizerGroups()), loss: new nn.CrossEntropyLoss() })

t.test('only the new head learns: the features and their running statistics stand still', async (t) => {
  manualSeed(1)
  const model = models.resnet20()
  const tuning = models.fineTune(model, { numClasses: 3 })
  t.equal(model.linear, tuning.head, 'it stands in the place of the old one')
  t.same(tuning.head.weight.shape, [3, 64])
  t.equal(model.countParameters({ trainable: true }), 3 * 64 + 3)
  const before = copies(model)
  await trainerOf(model, tuning).fit(images(3, 32), { epochs: 2, batchSize: 4, callbacks: [tuning] })
  t.same(changed(model, before), ['linear.weight', 'linear.bias'])
  t.ok(tuning.frozen)
})

t.test('each group has its learning rate, and the features learn after so many epochs', async (t) => {
  manualSeed(2)
  const model = models.resnet20()
  const tuning = models.fineTune(model, { numClasses: 3, lr: 0.01, featuresLr: 0.002, unfreezeAfter: 2 })
  const optimizer = new optim.SGD(tuning.optimizerGroups(), { lr: 1 })
  t.same(
    optimizer.paramGroups.map(({ lr, params }) => [lr, params.length]),
    [
      [0.01, 2],
      [0.002, [...model.parameters()].length - 2],
    ],
  )
  const frozen: boolean[] = []
  const before = copies(model)
  const trainer = new train.Trainer(model, { optimizer, loss: new nn.CrossEntropyLoss() })
  const callback = {
    onEpochEnd: () => void frozen.push(changed(model, before).every((name) => name.startsWith('linear'))),
  }
  await trainer.fit(images(3, 32), { epochs: 3, batchSize: 4, callbacks: [tuning, callback] })
  t.same(frozen, [true, true, false])
  t.notOk(tuning.frozen)
  t.same(changed(model, before).length, before.size, 'all parameters, and running statistics, have moved')
})

t.test('a step of plain descent goes as far as the group of a parameter says', async (t) => {
  manualSeed(3)
  const model = new nn.Sequential(new nn.Linear(4, 4), new nn.Linear(4, 5))
  const tuning = models.fineTune(model, { numClasses: 3, lr: 0.5, featuresLr: 0.125, unfreezeAfter: 0 })
  tuning.unfreeze()
  const optimizer = new optim.SGD(tuning.optimizerGroups(), { lr: 1 })
  const before = copies(model)
  model(randn([2, 4]))
    .sum()
    .backward()
  const grads = new Map([...model.namedParameters()].map(([name, p]) => [name, [...p.grad!.dataSync()]]))
  optimizer.step()
  for (const [name, p] of model.namedParameters()) {
    const rate = name.startsWith('1') ? 0.5 : 0.125
    const want = before.get(name)!.map((w, i) => w - rate * grads.get(name)![i]!)
    t.ok(
      [...p.dataSync()].every((w, i) => Math.abs(w - want[i]!) < 1e-6),
      name,
    )
  }
})

t.test('the head of every kind of network is found', (t) => {
  for (const [make, path] of [
    [models.lenet5, 'classifier.5'],
    [models.googlenet, 'fc'],
    [models.resnet18, 'fc'],
    [models.resnet20, 'linear'],
    [models.squeezenet1_0, 'classifier.1'],
    [models.squeezenet1_1, 'classifier.1'],
    [models.mobilenetV1, 'conv_preds'],
    [models.mobilenetV2, 'classifier.1'],
    [models.xception, 'fc'],
    [models.inceptionV3, 'fc'],
    [models.mnistCnn, 'fc2'],
  ] as const) {
    const model: nn.Module = make()
    const { head } = models.fineTune(model, { numClasses: 4 })
    t.equal(model.getSubmodule(path), head, `${model.constructor.name}: ${path}`)
    t.equal(head.weight.shape[0], 4)
  }
  class Listed extends nn.Module {
    layers = [new nn.Linear(4, 4), new nn.Linear(4, 4)]
    forward(x: Tensor): Tensor {
      return this.layers.reduce((h, layer) => layer(h), x)
    }
  }
  const listed = new Listed()
  const { head } = models.fineTune(listed, { numClasses: 3 })
  t.equal(listed.layers[1], head, 'in an array')
  t.same(listed(randn([2, 4])).shape, [2, 3])
  t.end()
})

t.test('a head is drawn from the generator that is given, and lies where the old one did', (t) => {
  const head = (seed: number) => {
    const model = models.lenet5().double()
    return models.fineTune(model, { numClasses: 3, generator: manualSeed(seed) }).head.weight
  }
  t.equal(head(1).dtype, 'float64')
  t.same([...head(1).dataSync()], [...head(1).dataSync()])
  t.notSame([...head(1).dataSync()], [...head(2).dataSync()])
  t.end()
})

t.test('what does not fit is refused, and changes nothing', (t) => {
  const model = models.lenet5()
  const before = Object.values(model.stateDict()).length
  const refuse = (options: object, message: RegExp) =>
    t.throws(() => models.fineTune(model, { numClasses: 2, ...options }), { name: 'RangeError', message })
  refuse({ numClasses: 0 }, /expected outFeatures to be a positive integer, got 0/)
  refuse({ lr: -1 }, /fineTune: expected lr to be finite and at least 0, got -1/)
  refuse({ featuresLr: NaN }, /fineTune: expected featuresLr/)
  refuse({ unfreezeAfter: -1 }, /fineTune: expected unfreezeAfter to be at least 0, got -1/)
  t.equal(model.countParameters({ trainable: true }), 61_706)
  t.equal(Object.values(model.stateDict()).length, before)
  t.throws(() => models.fineTune(new nn.ReLU(), { numClasses: 2 }), {
    name: 'TypeError',
    message: /fineTune: expected a model with a linear or convolution layer in it, got ReLU/,
  })
  t.throws(() => models.fineTune(randn([2]) as never, { numClasses: 2 }), {
    name: 'TypeError',
    message: /expected a module/,
  })
  t.end()
})

const skip =
  !existsSync(join(process.env.CONVCORE_DATA ?? '', 'weights')) && 'CONVCORE_DATA names no folder with weights'

t.test("a network of 1,000 classes keeps its features: those of SqueezeNet's photos", { skip }, async (t) => {
  const model = models.squeezenet1_1().eval()
  const path = join(process.env.CONVCORE_DATA!, 'weights/squeezenet1.1-fp16/squeezenet1.1_fp16.safetensors')
  model.loadStateDict(models.fromCaffe(model, await io.loadSafetensors(path)))
  const x = randn([1, 3, 64, 64])
  const before = [...model.features(x).dataSync()]
  models.fineTune(model, { numClasses: 2 })
  t.same([...model.features(x).dataSync()], before)
  t.same(model(x).shape, [1, 2])
})
