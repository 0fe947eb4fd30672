import t from 'tap'
import { data, manualSeed, memory, nn, optim, tensor, type Tensor, train, zeros } from 'convcore'
import { makeNet, makeTrainer, rings } from './toy.js'
import { settle } from '../garbage.js'

t.test('a trainer learns, and its history tells how', async (t) => {
  manualSeed(1)
  const trainer = makeTrainer({ metrics: [train.accuracy, train.errorRate] })
  const epochs: number[] = []
  const history = await trainer.fit(rings(), {
    epochs: 20,
    batchSize: 32,
    validation: rings(100),
    onEpoch: ({ epoch }) => void epochs.push(epoch),
  })
  const last = history.at(-1)!
  t.same(Object.keys(last).sort(), [
    'accuracy',
    'epoch',
    'errorRate',
    'loss',
    'seconds',
    'validationAccuracy',
    'validationErrorRate',
    'validationLoss',
  ])
  t.same(
    epochs,
    Array.from({ length: 20 }, (_, i) => i + 1),
  )
  t.ok(last.loss < history[0]!.loss / 2)
  t.ok(last.validationAccuracy! > 0.97, `validation accuracy ${last.validationAccuracy}`)
  t.ok(Math.abs(last.accuracy! + last.errorRate! - 1) < 1e-6)
  t.ok(last.seconds > 0)
})

t.test('the same seed twice gives the same weights, bit for bit', async (t) => {
  const weights = async () => {
    manualSeed(7)
    const trainer = makeTrainer()
    await trainer.fit(rings(), { epochs: 2, batchSize: 24 })
    return Promise.all(Object.values(trainer.model.stateDict()).map((tensor) => tensor.data()))
  }
  t.same(await weights(), await weights())
})

t.test('memory is flat over 200 steps', async (t) => {
  const trainer = makeTrainer()
  const loader = new data.DataLoader(rings(), { batchSize: 32 })
  await trainer.fit(loader, { epochs: 1 })
  const use: number[] = []
  await settle()
  await trainer.fit(loader, { epochs: 25, onStep: () => use.push(memory().live) })
  await trainer.evaluate(loader)
  t.equal(use.length, 200)
  t.ok(Math.max(...use.slice(100)) <= Math.max(...use.slice(0, 100)), `${Math.max(...use)} bytes at most`)
})

t.test('evaluate averages over samples in evaluation mode', async (t) => {
  const model = new nn.Sequential(new nn.Dropout(0.9))
  const trainer = new train.Trainer(model, { loss: new nn.MSELoss() })
  const batches: train.Batch[] = [
    [tensor([1, 1, 1]), zeros([3])],
    [tensor([3]), zeros([1])],
  ]
  t.same(await trainer.evaluate(batches), { loss: (3 * 1 + 9) / 4 })
  t.ok(model.training)
  await t.rejects(trainer.evaluate([]), {
    name: 'RangeError',
    message: 'evaluate: expected at least one batch, got none',
  })
  t.notOk(batches[0]?.[0].disposed, 'batches of an array stay their owner’s')
})

t.test('predict gives the outputs of a tensor, of batches or of a dataset', async (t) => {
  const trainer = makeTrainer()
  const all = rings(10)
  const whole = await trainer.predict(all.tensors[0])
  t.same(whole.shape, [10, 2])
  t.ok(trainer.model.training)
  const near = async (y: Tensor) => {
    const [a, b] = [await whole.data(), await y.data()]
    return a.length === b.length && a.every((value, i) => Math.abs(value - b[i]!) < 1e-6)
  }
  t.ok(await near(await trainer.predict(all, { batchSize: 4 })))
  t.ok(await near(await trainer.predict(new data.DataLoader(all, { batchSize: 3 }))))
  t.ok(await near(await trainer.predict([all.tensors[0].slice(0, 0, 5), all.tensors[0].slice(0, 5, 10)])))
  await settle()
  const before = memory().tensors
  ;(await trainer.predict(new data.DataLoader(all, { batchSize: 3 }))).dispose()
  t.equal(memory().tensors, before)
  await t.rejects(trainer.predict([]), { message: 'predict: expected at least one batch, got none' })
})

t.test('one-hot labels train as well', async (t) => {
  const target = Float32Array.from({ length: 128 }, (_, i) => Number(i % 2 === (i >> 1) % 2))
  const [points] = rings(64).tensors
  const set = new data.TensorDataset(points, tensor(target, { shape: [64, 2] }))
  const [record] = await makeTrainer().fit(set, { epochs: 1 })
  t.ok(Number.isFinite(record?.loss))
})

t.test('a device takes the model and every batch', async (t) => {
  const trainer = makeTrainer({ device: 'cpu:1' })
  const [record] = await trainer.fit(rings(64), { epochs: 1, batchSize: 32 })
  t.ok(record!.loss > 0)
  t.ok([...trainer.model.parameters()].every((p) => p.device === 'cpu:1'))
})

t.test('gradients from before a fit do not enter it, and none are left', async (t) => {
  const model = new nn.Sequential(new nn.Linear(1, 1))
  const optimizer = new optim.SGD(model.parameters(), { lr: 1 })
  const [weight] = model.parameters()
  weight!.copy_([0])
  weight!.grad = tensor([[100]])
  const trainer = new train.Trainer(model, { optimizer, loss: (y) => y.sum() })
  await trainer.fit([[tensor([[2]]), tensor([0])]], { epochs: 1 })
  t.equal(await weight!.item(), -2)
  t.equal(weight!.grad, undefined)
})

t.test('detectAnomaly names the op that made the first infinity', async (t) => {
  const loss = (output: Tensor) => output.sum().div(0)
  await t.rejects(makeTrainer({ loss, detectAnomaly: true }).fit(rings(), { epochs: 1 }), {
    name: 'AutogradError',
    message: /div made the first anomaly in its forward pass: -?Infinity/,
  })
  const [record] = await makeTrainer({ detectAnomaly: true }).fit(rings(), { epochs: 1 })
  t.ok(Number.isFinite(record!.loss))
})

t.test('a loss that is not finite ends the run and names epoch and step', async (t) => {
  const model = makeNet()
  const bad: train.Batch[] = [...[0, 1, 2, 3].keys()].map((i) => [
    tensor([
      [i === 2 ? NaN : 1, 0],
      [0, 1],
    ]),
    tensor(Int32Array.of(0, 1)),
  ])
  await t.rejects(makeTrainer({}, model).fit(bad, { epochs: 1 }), {
    name: 'ExecutionError',
    message: /expected a finite loss, got NaN in epoch 1, step 3/,
  })
  t.ok(model.training)
  const [record] = await makeTrainer().fit(bad, { epochs: 1, checkFinite: false })
  t.ok(Number.isNaN(record?.loss))
})

t.test('a failing step or callback rejects and restores the mode', async (t) => {
  const model = makeNet().eval()
  const wrong: train.Batch[] = [[zeros([4, 3]), tensor(Int32Array.of(0, 0, 0, 0))]]
  await t.rejects(makeTrainer({}, model).fit(wrong, { epochs: 1 }), { name: 'ShapeError' })
  t.notOk(model.training)
  const stop = () => Promise.reject(new Error('enough'))
  await t.rejects(makeTrainer({}, model).fit(rings(64), { epochs: 3, onEpoch: stop }), { message: 'enough' })
  t.notOk([...model.modules()].some((module) => module.training))
  await t.rejects(makeTrainer({}, model.train()).evaluate(wrong), { name: 'ShapeError' })
  t.ok(model.training)
})

t.test('a label out of range rejects with the op that found it', async (t) => {
  const bad: train.Batch[] = [[zeros([2, 2]), tensor(Int32Array.of(0, 5))]]
  await t.rejects(makeTrainer().fit(bad, { epochs: 1 }), { name: 'ExecutionError', message: /cross_?entropy/i })
})

t.test('wrong options are refused', async (t) => {
  const model = makeNet()
  const loss = new nn.CrossEntropyLoss()
  await t.rejects(new train.Trainer(model, { loss }).fit(rings(), { epochs: 1 }), {
    message: 'fit: expected a trainer with an optimizer',
  })
  await t.rejects(makeTrainer().fit(rings(), { epochs: 1.5 }), {
    message: 'fit: expected epochs to be a non-negative integer, got 1.5',
  })
  await t.rejects(makeTrainer().fit({} as never, { epochs: 1 }), {
    message: 'Trainer: expected a dataset or an iterable of batches',
  })
  t.throws(
    () =>
      new train.Trainer(model, {
        loss,
        metrics: [
          (
            () => (y: Tensor) =>
              y
          )(),
        ],
      }),
    {
      message: 'Trainer: expected metrics with names',
    },
  )
})

t.test('predicting while the model trains leaves the training steps in training mode', async (t) => {
  const modes: boolean[] = []
  class Net extends nn.Module {
    fc = new nn.Linear(2, 2)
    forward(x: Tensor) {
      if (!x.requiresGrad && x.shape[0] === 4) modes.push(this.training)
      return this.fc(x)
    }
  }
  const net = new Net().eval()
  const trainer = new train.Trainer(net, {
    optimizer: new optim.SGD(net.parameters(), { lr: 0.1 }),
    loss: new nn.CrossEntropyLoss(),
  })
  const samples = new data.TensorDataset(zeros([40, 2]), tensor(new Int32Array(40)))
  const fitted = trainer.fit(samples, { epochs: 3, batchSize: 4 })
  for (let i = 0; i < 5; i++)
    await trainer.predict(new data.TensorDataset(zeros([9, 2]), tensor(new Int32Array(9))), { batchSize: 3 })
  await fitted
  t.equal(modes.length, 30)
  t.ok(modes.every(Boolean))
  t.equal(net.training, false, 'and the mode that it had')
})

t.test('predict hands out tensors of its own, also when the model returns its input', async (t) => {
  const model = new nn.Sequential(new nn.Dropout(0.5))
  const trainer = new train.Trainer(model, { loss: new nn.CrossEntropyLoss() })
  const x = zeros([2, 3])
  const y = await trainer.predict([[x, x]])
  t.not(y, x)
  t.equal(x.disposed, false)
})

t.test('a fit in float16 after one that failed begins afresh', async (t) => {
  for (const clip of [{}, { clipGradNorm: 1 }]) {
    const trainer = makeTrainer({ autocast: { dtype: 'float16' }, ...clip })
    const [points] = rings(2).tensors
    const bad: train.Batch[] = [[points, tensor(Int32Array.of(0, 7))]]
    await t.rejects(trainer.fit(bad, { epochs: 1 }), { name: 'ExecutionError', message: /cross_entropy/ })
    t.equal((await trainer.fit(rings(64), { epochs: 1 })).length, 1)
    t.equal(trainer.scaler!.stateDict().growthTracker, 1)
  }
})
