import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { data, lstsq, manualSeed, models, nn, optim, randn, tensor, type Tensor, train } from 'convcore'
import * as bestModel from '../examples/best-model.js'
import { compare } from '../examples/ensemble.js'
import { build, styles } from '../examples/mnist-cnn.js'
import { Improved, Naive, oneHotLoss, weightInit } from '../examples/mlp.js'
import { distance, fit, noisySine, panel } from '../examples/polynomial.js'
import * as transferLearning from '../examples/transfer-learning.js'
import * as validationSplit from '../examples/validation-split.js'

t.setTimeout(600_000) // sanitizers and busy machines

const runner = fileURLToPath(new URL('../examples/run.js', import.meta.url))
const size = (model: nn.Module) => [...model.parameters()].reduce((sum, p) => sum + p.size, 0)

t.test('L2.6: the MNIST network has the parameters it must have', (t) => {
  t.same(
    nn.summary(build(), [1, 28, 28]).layers.flatMap((layer) => layer.parameters || []),
    [320, 18_496, 73_856, 524_544, 2_570],
  )
  t.equal(size(build()), 619_786)
  t.end()
})

t.test(
  'L2.7, L2.8: the functional and the subclass style have the same parameters and, with one seed, the same outputs',
  (t) => {
    const made = Object.keys(styles).map((style) => {
      manualSeed(7)
      const model = build(style)
      manualSeed(8)
      const x = randn([2, 1, 28, 28])
      const [trained, evaluated] = [model(x), model.eval()(x)]
      const count = nn.summary(model, [1, 28, 28]).total
      return { count, trained: [...trained.dataSync()], evaluated: [...evaluated.dataSync()] }
    })
    t.equal(made.length, 3)
    for (const each of made) {
      t.equal(each.count, 619_786)
      t.same(each, made[0])
      t.notSame(each.trained, each.evaluated, 'dropout drops in training')
    }
    t.throws(() => build('haiku'), {
      message: /--style: expected one of sequential, functional, subclass, got "haiku"/,
    })
    t.end()
  },
)

t.test('L3.5: the simple network has 433,890 parameters and right gradients', (t) => {
  t.equal(size(models.simpleConvNet()), 433_890)
  manualSeed(3)
  const small = models.simpleConvNet({ size: 10, filters: 2, hidden: 4 })
  for (const p of small.parameters()) nn.init.normal_(p, 0, 0.3)
  small.to('float64')
  const x = randn([2, 1, 10, 10], { dtype: 'float64' })
  const labels = tensor(Int32Array.of(3, 8))
  t.ok(small.checkGradient(x, labels) <= 1e-6)
  t.same(
    Object.keys(small.gradient(x, labels)),
    [...small.namedParameters()].map(([name]) => name),
  )
  t.same(small.predict(x).shape, [2])
  t.ok([0, 0.5, 1].includes(small.accuracy(x, labels).itemSync()))
  t.end()
})

t.test('L5.12: the network with batch normalisation has 22,000 parameters', (t) => {
  t.equal(size(models.mnistBn()), 22_000)
  t.end()
})

t.test('L5.1 and L5.2: the naive network does not learn, the improved one does', async (t) => {
  const real = existsSync(join(process.env.CONVCORE_DATA ?? '', 'mnist'))
  const load = (split: 'train' | 'test') => (real ? data.mnist({ split }) : Promise.resolve(data.digits({ split })))
  const [trainSet, testSet] = [await load('train'), await load('test')]
  const learn = async (net: nn.Layer, optimizer: train.TrainerOptions['optimizer']) => {
    const trainer = new train.Trainer(net, { optimizer, loss: oneHotLoss, metrics: [train.accuracy] })
    await trainer.fit(trainSet, { epochs: 5, batchSize: 100 })
    return (await trainer.evaluate(testSet, { batchSize: 500 })).accuracy!
  }
  manualSeed(5)
  const naive = new Naive().apply(weightInit)
  const improved = new Improved()
  t.ok((await learn(naive, new optim.SGD(naive.parameters(), { lr: 0.01 }))) <= 0.25)
  const accuracy = await learn(improved, new optim.Adam(improved.parameters(), { lr: 0.01 }))
  t.ok(accuracy >= 0.97, `${(100 * accuracy).toFixed(2)} % on ${real ? 'MNIST' : 'generated digits'}`)
})

t.test('L5.9: 500 samples are held out, and over-fitting is seen in the curves', async (t) => {
  manualSeed(1)
  const samplers = validationSplit.split(1000, 500)
  t.same([samplers.train.length, samplers.validation.length], [500, 500])
  t.equal(new Set([...samplers.train, ...samplers.validation]).size, 1000)
  const model = validationSplit.build()
  const trainer = new train.Trainer(model, {
    optimizer: new optim.Adam(model.parameters()),
    loss: new nn.CrossEntropyLoss(),
    metrics: [train.accuracy],
  })
  const { history, overfitsAfter } = await validationSplit.learn(trainer, data.digits({ count: 1000 }), samplers, 60)
  t.ok(history.length < 60 && history.length === overfitsAfter! + 5, `best epoch ${overfitsAfter}`)
  const [first, best, last] = [history[0]!, history[overfitsAfter! - 1]!, history.at(-1)!]
  t.ok(best.validationLoss! < first.validationLoss! && last.validationLoss! > best.validationLoss!)
  t.ok(last.loss < best.loss, 'while the training loss goes on to fall')
})

t.test('the runner trains without data and network, says so, and writes the figures', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'convcore-'))
  const json = join(folder, 'figures.json')
  const env: NodeJS.ProcessEnv = { ...process.env, CONVCORE_CACHE: folder, CONVCORE_OFFLINE: '1' }
  delete env.CONVCORE_DATA
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [runner, 'mnist-bn', '--epochs', '1', '--seed', '4', '--device', 'cpu:1', '--json', json],
    { env, encoding: 'utf8' },
  )
  t.equal(status, 0, stderr)
  t.match(stdout, /10000 generated digits/)
  t.match(JSON.parse(readFileSync(json, 'utf8')), { parameters: 22_000, weights: /^[0-9a-f]{64}$/, seconds: Number })
  rmSync(folder, { recursive: true })
  t.end()
})

t.test('the runner saves pictures where it is told to', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'convcore-'))
  const { status, stdout, stderr } = spawnSync(process.execPath, [runner, 'polynomial', '--pictures', folder], {
    encoding: 'utf8',
  })
  t.equal(status, 0, stderr)
  t.match(stdout, /picture: .*polynomial.png/)
  t.ok(existsSync(join(folder, 'polynomial.png')))
  rmSync(folder, { recursive: true })
  t.end()
})

t.test('the runner explains wrong arguments', (t) => {
  for (const [args, message] of [
    [['nonsense'], /expected the name of one example, got "nonsense"/],
    [['mlp', '--epochs', 'many'], /--epochs: expected a whole number from 0 on, got "many"/],
    [['mlp', '--fast'], /--fast/],
  ] as const) {
    const { status, stderr } = spawnSync(process.execPath, [runner, ...args], { encoding: 'utf8' })
    t.equal(status, 2)
    t.match(stderr, message)
    t.match(stderr, /usage: npm run example/)
  }
  t.end()
})

t.test('L5.4: a polynomial of order 9 passes through ten points, and shrinkage holds its coefficients down', (t) => {
  manualSeed(1)
  const { x, y } = noisySine()
  const greatest = (weights: Tensor) => Math.max(...weights.dataSync().map(Math.abs))
  const distances = [0, 1, 3, 9].map((order) => distance(x, y, fit(x, y, order)))
  t.same(
    distances,
    distances.toSorted((a, b) => b - a),
    'the higher the order, the closer',
  )
  t.ok(distances[3]! < 1e-8)
  const free = fit(x, y, 9)
  const shrunk = fit(x, y, 9, Math.exp(-18))
  t.ok(greatest(free) > 100 * greatest(shrunk))
  t.ok(distance(x, y, shrunk) > distances[3]!)
  t.end()
})

t.test('L5.4: the picture shows the points, the sine and the polynomial', (t) => {
  manualSeed(1)
  const { x, y } = noisySine()
  const weights = fit(x, y, 9)
  const [polynomial, sine, samples] = panel('order 9', x, y, weights).series
  t.same([polynomial!.points.length, sine!.points.length, samples!.points.length], [101, 101, 10])
  t.ok(Math.abs(polynomial!.points[0]![1] - samples!.points[0]![1]) < 1e-8, 'which goes through the first point')
  t.ok(Math.abs(polynomial!.points[100]![1] - samples!.points[9]![1]) < 1e-8, 'and the last')
  t.end()
})

t.test('L2.9: members of an ensemble are evaluated singly and together, and all is printed', async (t) => {
  manualSeed(2)
  const make = () => new nn.Sequential(new nn.Flatten(), new nn.Linear(784, 10))
  const ensemble = new nn.Ensemble([make(), make(), make()])
  const set = data.digits({ count: 500 })
  for (const member of ensemble.members) {
    const optimizer = new optim.SGD(member.parameters(), { lr: 0.05 })
    await new train.Trainer(member, { optimizer, loss: new nn.CrossEntropyLoss() }).fit(set, { epochs: 4 })
  }
  const printed = t.capture(console, 'log')
  const { members, together } = await compare(ensemble, data.digits({ count: 500, split: 'test' }))
  const lines = printed().map(({ args }) => String(args[0]))
  t.match(lines.join('\n'), /^network 1 .* %\nnetwork 2 .* %\nnetwork 3 .* %\nensemble .* %$/)
  t.equal(members.length, 3)
  t.ok(together >= members.reduce((a, b) => a + b) / 3, `${members.join(', ')} together ${together}`)
})

t.test('L2.10: every image comes with four that are turned and shifted, on the median of its pixels', async (t) => {
  manualSeed(3)
  const set = data.digits({ count: 40 })
  const larger = await bestModel.enlarge(set)
  t.equal(larger.length, 200)
  const [before, after] = [set.images.dataSync(), larger.images.dataSync()]
  t.same(after.subarray(0, before.length), before, 'the originals come first')
  t.same([...larger.labels.dataSync()], [0, 1, 2, 3, 4].flatMap(() => [...set.labels.dataSync()])) // prettier-ignore
  const size = 784
  for (let copy = 1; copy <= 4; copy++)
    for (let i = 0; i < 40; i++) {
      const [from, to] = [
        before.subarray(i * size, (i + 1) * size),
        after.subarray((40 * copy + i) * size).subarray(0, size),
      ]
      t.ok(from.some((pixel, j) => pixel !== to[j]), `copy ${copy} of image ${i}`) // prettier-ignore
      const ink = (pixels: Uint8Array) => pixels.reduce((a, b) => a + b)
      t.ok(Math.abs(ink(to) / ink(from) - 1) < 0.25, 'has about as much ink')
    }
})

t.test('L2.10: the best model is of blocks with batch normalisation, which begin as Glorot says', (t) => {
  manualSeed(4)
  const model = bestModel.build()
  const types = [...model.children()].map((layer) => layer.constructor.name)
  t.same(types.slice(0, 4), ['Conv2d', 'BatchNorm2d', 'ReLU', 'MaxPool2d'])
  t.same(types.slice(-5), ['Linear', 'BatchNorm1d', 'ReLU', 'Dropout', 'Linear'])
  t.same(model(randn([2, 1, 28, 28])).shape, [2, 10])
  const { weight } = model.at(13) as nn.Linear // 2048 → 256
  t.ok(Math.abs(weight.std().itemSync() / Math.sqrt(2 / (2048 + 256)) - 1) < 0.02)
  t.end()
})

t.test('L5.4: columns that depend on each other are reported', async (t) => {
  const twice = tensor(Float64Array.of(1, 2, 2, 4, 3, 6), { shape: [3, 2] })
  await t.rejects(lstsq(twice, tensor(Float64Array.of(1, 2, 3))).data(), {
    name: 'ExecutionError',
    message: /solve_triangular: expected columns that do not depend on each other, but column 1 does/,
  })
})

t.test('L4.11: transfer learning says what data it needs', async (t) => {
  await t.rejects(transferLearning.run({ epochs: 1, seed: 0, device: 'cpu' }), {
    message: /expected --data FOLDER with hymenoptera\/ and weights\//,
  })
})
