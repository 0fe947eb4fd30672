import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { data, lstsq, manualSeed, models, nn, optim, randn, tensor, type Tensor, train } from 'convcore'
import { build, styles } from '../examples/mnist-cnn.js'
import { Improved, Naive, oneHotLoss, weightInit } from '../examples/mlp.js'
import { distance, fit, noisySine } from '../examples/polynomial.js'
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
