import t from 'tap'
import { data, defaultGenerator, manualSeed, memory, nn, optim, train } from 'convcore'
import { makeNet, makeTrainer, rings } from './toy.js'
import { settle } from '../garbage.js'

const elements = (model: nn.Module) =>
  Promise.all(Object.values(model.stateDict()).map(async (x) => [...(await x.data())]))

t.test('the loss falls fastest somewhere between no learning and divergence, and all is as before', async (t) => {
  manualSeed(2)
  const model = new nn.Sequential(
    new nn.AvgPool2d(4),
    new nn.Flatten(),
    new nn.Dropout(0.1),
    new nn.Linear(49, 32),
    new nn.ReLU(),
    new nn.Linear(32, 10),
  )
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.003 })
  const trainer = makeTrainer({ optimizer }, model)
  const loader = new data.DataLoader(data.digits({ count: 1000 }), { batchSize: 50, shuffle: true })
  await trainer.fit(loader, { epochs: 1, fastDevRun: true })
  await settle()
  const [weights, random, live] = [await elements(model), defaultGenerator.state(), memory().tensors]
  const { rates, losses, smoothed, suggestion } = await trainer.findLearningRate(loader, { max: 100 })
  t.ok(rates.length > 50 && rates.length <= 100, `${rates.length} steps`)
  t.equal(rates[0], 1e-7)
  t.ok(rates.every((rate, i) => i === 0 || rate > rates[i - 1]!))
  t.same([losses.length, smoothed.length], [rates.length, rates.length])
  t.ok(suggestion! > 1e-3 && suggestion! < 0.5, `suggests ${suggestion}`)
  t.same(await elements(model), weights)
  t.same(defaultGenerator.state(), random)
  t.equal(optimizer.paramGroups[0]!.lr, 0.003)
  t.ok(memory().tensors <= live + 1)
  const again = await trainer.findLearningRate(loader, { max: 100 })
  t.same(again, { rates, losses, smoothed, suggestion })
})

t.test('a run that is interrupted leaves all as before too', async (t) => {
  const trainer = makeTrainer()
  const before = await elements(trainer.model)
  await t.rejects(trainer.findLearningRate(rings(), { signal: AbortSignal.timeout(20), steps: 1e6 }), {
    name: 'TimeoutError',
  })
  t.same(await elements(trainer.model), before)
})

t.test('wrong options are refused', async (t) => {
  const trainer = makeTrainer()
  for (const [options, message] of [
    [{ min: 1, max: 0.1 }, /expected 0 < min < max, got min 1 and max 0.1/],
    [{ min: 0 }, /expected 0 < min < max/],
    [{ steps: 1 }, /steps to be an integer ≥ 2, got 1/],
    [{ smoothing: 1 }, /smoothing from 0 to below 1, got 1/],
  ] as const)
    await t.rejects(trainer.findLearningRate(rings(), options), { name: 'RangeError', message })
  const bare = new train.Trainer(makeNet(), { loss: new nn.CrossEntropyLoss() })
  await t.rejects(bare.findLearningRate(rings()), {
    message: 'findLearningRate: expected a trainer with an optimizer',
  })
})

t.test('batches that come once and are too few are refused', async (t) => {
  const samples = rings(8)
  function* once(): Generator<train.Batch> {
    for (const i of [0, 4]) yield samples.batch(Int32Array.of(i, i + 1, i + 2, i + 3))
  }
  await t.rejects(makeTrainer().findLearningRate(once(), { steps: 5 }), {
    name: 'RangeError',
    message: 'findLearningRate: expected 5 batches, or an iterable that begins anew where they end, got 2',
  })
  t.equal((await makeTrainer().findLearningRate([...once()], { steps: 5, divergence: 1e9 })).rates.length, 5)
})
