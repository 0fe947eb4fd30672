import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import t from 'tap'
import { data, manualSeed, memory, nn, optim, tensor, train } from 'convcore'
import { makeNet, makeTrainer, rings } from './toy.js'
import { settle } from '../garbage.js'

t.test('callbacks follow a run and are awaited', async (t) => {
  const calls: string[] = []
  const note = async (text: string) => {
    await setTimeout(1)
    calls.push(text)
  }
  const callback: train.Callback = {
    onFitStart: ({ epochs, resumed }) => note(`start ${epochs} ${resumed}`),
    onEpochStart: ({ epoch }) => note(`epoch ${epoch}`),
    onUpdate: ({ step, updates }) => note(`update ${step} ${updates}`),
    onStep: ({ step, loss }) => note(`figures ${step} ${loss > 0}`),
    onEpochEnd: ({ epoch }, { history, step }) => note(`end ${epoch} ${history.length} ${step}`),
    onFitEnd: (history) => note(`done ${history.length}`),
  }
  await makeTrainer().fit(rings(64), { epochs: 2, batchSize: 32, callbacks: [callback] })
  t.same(calls, [
    'start 2 false',
    'epoch 1',
    'update 1 1',
    'update 2 2',
    'figures 1 true',
    'figures 2 true',
    'end 1 1 2',
    'epoch 2',
    'update 1 3',
    'update 2 4',
    'figures 1 true',
    'figures 2 true',
    'end 2 2 2',
    'done 2',
  ])
})

t.test('a callback can stop a run, and hears of its failure', async (t) => {
  const stopAt = (updates: number): train.Callback => ({
    onUpdate(run) {
      if (run.updates === updates) run.stop()
    },
  })
  const ends: number[] = []
  const onFitEnd = (_history: readonly train.EpochRecord[], { epoch }: train.Run) => void ends.push(epoch)
  const run = (updates: number) =>
    makeTrainer().fit(rings(64), { epochs: 9, batchSize: 16, callbacks: [stopAt(updates), { onFitEnd }] })
  t.equal((await run(6)).length, 1, 'an epoch that is cut short leaves no record')
  t.equal((await run(8)).length, 2, 'one that was through does')
  t.same(ends, [2, 2], 'the epoch that ran last')
  const failures: unknown[] = []
  const failing: train.Callback = {
    onEpochEnd: () => Promise.reject(new Error('enough')),
    onFitFail: (error) => void failures.push(error),
    onFitEnd: () => void t.fail('no end'),
  }
  await t.rejects(makeTrainer().fit(rings(64), { epochs: 2, callbacks: [failing] }), { message: 'enough' })
  t.match(failures, [{ message: 'enough' }])
})

t.test('a callback that fails when it hears of a failure does not hide it', async (t) => {
  const heard: unknown[] = []
  const warning = once(process, 'warning')
  const callbacks: train.Callback[] = [
    { onEpochEnd: () => Promise.reject(new Error('enough')), onFitFail: () => Promise.reject(new Error('also')) },
    { onFitFail: (error) => void heard.push(error) },
  ]
  await t.rejects(makeTrainer().fit(rings(64), { epochs: 2, callbacks }), { message: 'enough' })
  t.match(heard, [{ message: 'enough' }])
  t.match(await warning, [{ message: 'fit: onFitFail of Object failed: also' }])
})

t.test('what is called after a step is awaited', async (t) => {
  let running = 0
  const onStep = async () => {
    running++
    await setTimeout(2)
    running--
  }
  const onEpoch = () => void t.equal(running, 0)
  await makeTrainer().fit(rings(64), { epochs: 2, batchSize: 32, onStep, onEpoch })
})

/** A model of one weight, which an epoch moves by −1: the validation loss is |weight − 2|. */
function slide() {
  const model = new nn.Sequential(new nn.Linear(1, 1, { bias: false }))
  const [weight] = model.parameters()
  weight!.copy_([5])
  const trainer = new train.Trainer(model, {
    optimizer: new optim.SGD(model.parameters(), { lr: 1 }),
    loss: (y, target) => (model.training ? y.sum() : y.sub(target).mul(y.sub(target)).sum()),
  })
  const one: train.Batch[] = [[tensor([[1]]), tensor([[2]])]]
  return { weight: weight!, trainer, one }
}

t.test('early stopping ends when a figure no longer improves, with the best weights', async (t) => {
  const { weight, trainer, one } = slide()
  const stopping = new train.EarlyStopping({ patience: 2 })
  await settle()
  const before = memory().tensors
  const history = await trainer.fit(one, { epochs: 20, validation: one, callbacks: [stopping] })
  t.same(
    history.map((record) => record.validationLoss),
    [4, 1, 0, 1, 4],
  )
  t.same([stopping.bestEpoch, stopping.best, stopping.stoppedEpoch], [3, 0, 5])
  t.equal(await weight.item(), 2)
  t.equal(memory().tensors, before, 'and keeps no copies')
})

t.test('early stopping also undoes steps after the best epoch that no epoch counts', async (t) => {
  const { weight, trainer, one } = slide()
  const stop: train.Callback = {
    onUpdate(run) {
      if (run.updates === 3) run.stop()
    },
  }
  const callbacks = [new train.EarlyStopping(), stop]
  const history = await trainer.fit([...one, ...one], { epochs: 9, validation: one, callbacks })
  t.equal(history.length, 1)
  t.equal(await weight.item(), 3)
})

t.test('early stopping without restoring, of a figure to be large, with a least change', async (t) => {
  const { weight, trainer, one } = slide()
  const stopping = new train.EarlyStopping({ patience: 1, mode: 'max', restoreBest: false, minDelta: 0.5 })
  await trainer.fit(one, { epochs: 20, validation: one, callbacks: [stopping] })
  t.same([stopping.bestEpoch, stopping.best, await weight.item()], [1, 4, 3])
  t.equal(new train.EarlyStopping({ monitor: 'validationAccuracy' }).mode, 'max')
})

t.test('what cannot be monitored is refused', async (t) => {
  t.throws(() => new train.EarlyStopping({ patience: 0 }), { message: /patience to be an integer ≥ 1, got 0/ })
  t.throws(() => new train.EarlyStopping({ minDelta: -1 }), { message: /minDelta ≥ 0, got -1/ })
  const { trainer, one } = slide()
  await t.rejects(trainer.fit(one, { epochs: 1, callbacks: [new train.EarlyStopping()] }), {
    name: 'TypeError',
    message: 'EarlyStopping: expected one of the figures loss to monitor, got validationLoss',
  })
})

t.test('a history as comma-separated values', async (t) => {
  const path = join(t.testdir({}), 'deep', 'history.csv')
  const logger = new train.CSVLogger(path)
  const history = await makeTrainer().fit(rings(64), { epochs: 2, validation: rings(32), callbacks: [logger] })
  const [names, ...rows] = readFileSync(path, 'utf8').trimEnd().split('\n')
  t.equal(names, 'epoch,loss,accuracy,validationLoss,validationAccuracy,seconds')
  t.same(
    rows.map((row) => row.split(',').map(Number)),
    history.map((record) => Object.values(record)),
  )
})

t.test('a fast run goes through all once, and writes nothing', async (t) => {
  const folder = t.testdir({})
  const callbacks = [new train.CSVLogger(join(folder, 'a.csv')), new train.Checkpoint(join(folder, 'runs'))]
  let steps = 0
  const options = {
    epochs: 5,
    batchSize: 16,
    validation: rings(64),
    callbacks,
    onStep: () => {
      steps++
    },
  }
  const history = await makeTrainer().fit(rings(), { ...options, fastDevRun: true, resume: true })
  t.equal(history.length, 1)
  t.ok(history[0]!.validationLoss! > 0)
  t.equal(steps, 1)
  await makeTrainer().fit(rings(), { ...options, fastDevRun: 3 })
  t.equal(steps, 4)
  t.notOk(existsSync(join(folder, 'a.csv')))
  t.notOk(existsSync(join(folder, 'runs')))
})

t.test('a model over-fits a few batches when asked to', async (t) => {
  manualSeed(3)
  const seen = new Set<string>()
  const loader = new data.DataLoader(rings(), { batchSize: 16, shuffle: true })
  const model = new nn.Sequential(new nn.Linear(2, 32), new nn.ReLU(), new nn.Linear(32, 2))
  const trainer = makeTrainer({}, model)
  await settle()
  const before = memory().tensors
  const history = await trainer.fit(loader, {
    epochs: 60,
    overfitBatches: 2,
    validation: rings(),
    onStep: ({ step }) => void seen.add(String(step)),
  })
  t.same([...seen], ['1', '2'])
  t.ok(history.at(-1)!.validationAccuracy! > 0.95, 'validated on the same batches')
  t.ok(memory().tensors <= before + 4 * 3, 'only the optimizer has more than before')
  for (const [name, value] of [
    ['overfitBatches', 0],
    ['overfitBatches', 1.5],
    ['fastDevRun', -1],
  ] as const)
    await t.rejects(makeTrainer().fit(rings(), { epochs: 1, [name]: value }), {
      name: 'RangeError',
      message: `fit: expected ${name} to be an integer ≥ 1, got ${value}`,
    })
})

t.test('a scheduler steps after every epoch, or every step, or on a figure', async (t) => {
  const run = async (schedule: Partial<train.Schedule>) => {
    const steps: unknown[] = []
    const scheduler = { step: (figure?: number) => void steps.push(figure === undefined ? 'step' : typeof figure) }
    const trainer = makeTrainer({ scheduler: { scheduler, ...schedule } })
    await trainer.fit(rings(64), { epochs: 2, batchSize: 32 })
    return steps
  }
  t.same(await run({}), ['step', 'step'])
  t.same(await run({ per: 'step' }), ['step', 'step', 'step', 'step'])
  t.same(await run({ monitor: 'loss' }), ['number', 'number'])
  await t.rejects(run({ monitor: 'gain' }), { message: /expected one of the figures loss, accuracy .* got gain/ })
})

t.test('gradients of several batches make the step of one large batch', async (t) => {
  const weights = async (accumulate: number, batchSize: number, count: number) => {
    manualSeed(5)
    const model = new nn.Sequential(new nn.Linear(2, 8), new nn.Tanh(), new nn.Linear(8, 2)).to('float64')
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 })
    const [x, labels] = rings(count).tensors
    const set = new data.TensorDataset(x.to('float64'), labels)
    let updates = 0
    const loader = new data.DataLoader(set, { batchSize })
    const trainer = new train.Trainer(model, { optimizer, loss: new nn.CrossEntropyLoss(), accumulate })
    await trainer.fit(loader, { epochs: 2, callbacks: [{ onUpdate: (run) => void (updates = run.updates) }] })
    const all = await Promise.all([...model.parameters()].map((p) => p.data()))
    return { updates, values: all.flatMap((values) => [...values]) }
  }
  for (const count of [64, 60, 50, 33]) {
    const large = await weights(1, 32, count)
    const small = await weights(4, 8, count)
    t.equal(small.updates, large.updates)
    const apart = Math.max(...small.values.map((value, i) => Math.abs(value - large.values[i]!)))
    t.ok(apart < 1e-12, `${count} samples: ${apart}`)
  }
  for (const accumulate of [0, 1.5, '2'])
    t.throws(() => makeTrainer({ accumulate: accumulate as number }), {
      name: 'RangeError',
      message: /^Trainer: expected accumulate to be an integer ≥ 1, got/,
    })
  const bare = { step: () => undefined, zeroGrad: () => undefined }
  t.throws(() => makeTrainer({ accumulate: 2, optimizer: bare }), { message: /with paramGroups to accumulate or clip/ })
})

t.test('gradients are clipped before each step, after accumulation', async (t) => {
  const moved = async (options: Partial<train.TrainerOptions>) => {
    const model = new nn.Sequential(new nn.Linear(2, 1, { bias: false }))
    const [weight] = model.parameters()
    weight!.copy_([0, 0])
    const optimizer = new optim.SGD(model.parameters(), { lr: 1 })
    const trainer = new train.Trainer(model, { optimizer, loss: (y) => y.mean(), ...options })
    const batch: train.Batch = [tensor([[3, 4]]), tensor([0])]
    await trainer.fit([batch, batch], { epochs: 1 })
    return [...(await weight!.data())].map((value) => Math.round(value * 1e4) / 1e4)
  }
  t.same(await moved({}), [-6, -8])
  t.same(await moved({ clipGradNorm: 1 }), [-1.2, -1.6])
  t.same(await moved({ clipGradNorm: 1, accumulate: 2 }), [-0.6, -0.8])
  t.same(await moved({ clipGradNorm: 100 }), [-6, -8])
  t.same(await moved({ clipGradValue: 3.5 }), [-6, -7])
  for (const name of ['clipGradNorm', 'clipGradValue'])
    t.throws(() => makeTrainer({ [name]: -1 }), {
      name: 'RangeError',
      message: `Trainer: expected ${name} to be a number ≥ 0, got -1`,
    })
})

t.test('a LearningRateMonitor notes the rate that each epoch begins with, also of a run that is resumed', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'convcore-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const run = async (epochs: number) => {
    const model = makeNet()
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 })
    const monitor = new train.LearningRateMonitor(optimizer)
    const trainer = makeTrainer({ optimizer, scheduler: new optim.lrScheduler.ExponentialLR(optimizer, 0.5) }, model)
    await trainer.fit(rings(64), { epochs, callbacks: [monitor, new train.Checkpoint(folder)], resume: true })
    return monitor.rates
  }
  t.same(await run(2), [0.1, 0.05])
  t.same(await run(4), [0.1, 0.05, 0.025, 0.0125])
  t.throws(() => new train.LearningRateMonitor({ step: () => undefined, zeroGrad: () => undefined }), {
    name: 'TypeError',
    message:
      /LearningRateMonitor: expected an optimizer with paramGroups and learning rates, got an instance of Object/,
  })
})
