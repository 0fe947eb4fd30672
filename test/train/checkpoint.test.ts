import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { data, defaultGenerator, Generator, io, manualSeed, nn, optim, tensor, type Tensor, train } from 'convcore'
import { makeNet, makeTrainer, rings } from './toy.js'

type Options = Partial<train.FitOptions>

/** A run with all that has state: dropout, batch norm, momentum, a schedule, metrics, groups of three batches. */
function setUp(source?: train.Source, seed = 1, options: Partial<train.TrainerOptions> = {}) {
  manualSeed(seed)
  const model = new nn.Sequential(makeNet(), new nn.Dropout(0.1, { generator: new Generator(seed) }))
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 })
  const scheduler = {
    factor: 1,
    step() {
      scheduler.factor *= 0.95
      for (const group of optimizer.paramGroups) group.lr = 0.1 * scheduler.factor
    },
    stateDict: () => ({ factor: scheduler.factor }),
    loadStateDict: ({ factor }: { factor: number }) => void (scheduler.factor = factor),
  }
  const trainer = new train.Trainer(model, {
    optimizer,
    scheduler,
    loss: new nn.CrossEntropyLoss(),
    metrics: [train.accuracy, train.f1()],
    accumulate: 3,
    ...options,
  })
  const loader = source ?? new data.DataLoader(rings(100), { batchSize: 10, shuffle: true })
  const fit = (options: Options = {}) => trainer.fit(loader, { epochs: 3, validation: rings(50), ...options })
  const end = async (history: train.EpochRecord[]) => ({
    scaler: trainer.scaler?.stateDict(),
    weights: await Promise.all(Object.values(model.stateDict()).map(async (x) => [...(await x.data())])),
    figures: history.map(({ seconds, ...figures }) => ({ ...figures, timed: seconds > 0 })),
  })
  return { model, fit, end }
}

/** Ends a run after so many steps of the optimizer, as a crash would. */
const crash = (updates: number): train.Callback => ({
  onUpdate(run) {
    if (run.updates === updates) throw new Error('crash')
  },
})

t.test('a run that is resumed after any step ends as one that never stopped, bit for bit', async (t) => {
  const samples = [...Array(10).keys()].map((i) =>
    rings(100).batch(Int32Array.from({ length: 10 }, (_, j) => 10 * i + j)),
  )
  const points = rings(100)
  const streamed = (open: () => Iterable<readonly Tensor[]>) => () =>
    new data.DataLoader<unknown, train.Batch>(new data.IterableDataset(open), { batchSize: 10 })
  const stream = streamed(() => Array.from({ length: 100 }, (_, i) => points.get(i)))
  const random = streamed(function* () {
    for (const i of defaultGenerator.permutation(100)) {
      const [x, label] = points.get(i)
      yield [x.mul(0.5 + defaultGenerator.random()), label]
    }
  })
  const shuffled = () => undefined
  const runs: Record<string, [source: () => train.Source | undefined, options?: Partial<train.TrainerOptions>]> = {
    shuffled: [shuffled],
    'of an array': [() => samples],
    'of a stream': [stream],
    'of a random stream': [random],
    'on another device': [shuffled, { device: 'cpu:1' }],
    'with a gradient scaler': [shuffled, { autocast: { dtype: 'float16' } }],
  }
  for (const [name, [source, options]] of Object.entries(runs)) {
    const whole = setUp(source(), 1, options)
    const expected = await whole.end(await whole.fit())
    // Four steps per epoch, the last one of a single batch.
    for (const updates of name === 'shuffled' ? [1, 2, 3, 4, 5, 8, 11] : [2, 4]) {
      const folder = t.testdir({})
      const checkpoint = () => new train.Checkpoint(folder, { everySteps: 1 })
      const killed = setUp(source(), 1, options)
      await t.rejects(killed.fit({ callbacks: [checkpoint(), crash(updates + 1)] }), { message: 'crash' })
      const path = join(folder, `checkpoint-${String(updates).padStart(8, '0')}.safetensors`)
      const other = setUp(source(), 2, options)
      t.same(await other.end(await other.fit({ resume: path })), expected, `${name}, after step ${updates}`)
    }
  }
})

t.test('a finished epoch, early stopping and a finished run resume too', async (t) => {
  const folder = t.testdir({})
  const stopping = () => new train.EarlyStopping({ patience: 1, minDelta: 0.02 })
  const parts = () => [new train.Checkpoint(folder, { keepLast: 99 }), stopping()]
  const whole = setUp()
  const expected = await whole.end(await whole.fit({ epochs: 30, callbacks: parts() }))
  const { length } = expected.figures
  t.ok(length > 2 && length < 30, `${length} epochs`)
  for (const epoch of [1, length - 1, length]) {
    const path = join(folder, `checkpoint-${String(4 * epoch).padStart(8, '0')}.safetensors`)
    const other = setUp(undefined, 2)
    const resumed = await other.fit({ epochs: 30, callbacks: [stopping()], resume: path })
    t.same(await other.end(resumed), expected, `after epoch ${epoch}`)
  }
})

t.test('the folder keeps the newest and the best, under the prefix', async (t) => {
  const folder = join(t.testdir({}), 'runs')
  const checkpoint = new train.Checkpoint(folder, {
    prefix: 'net',
    keepLast: 2,
    monitor: 'validationLoss',
    extra: () => ({ note: 'mine' }),
  })
  t.equal(await checkpoint.latest(), undefined)
  t.equal(await train.latestCheckpoint(folder), undefined)
  const run = setUp()
  const history = await run.fit({ callbacks: [checkpoint] })
  t.same(readdirSync(folder).sort(), ['net-00000008.safetensors', 'net-00000012.safetensors', 'net-best.safetensors'])
  t.equal(await checkpoint.latest(), join(folder, 'net-00000012.safetensors'))
  t.equal(await train.latestCheckpoint(folder, 'net'), await checkpoint.latest())
  const best = await io.loadCheckpoint<{ history: train.EpochRecord[]; extra: unknown }>(checkpoint.bestPath)
  t.equal(best.history.at(-1)!.validationLoss, Math.min(...history.map((record) => record.validationLoss!)))
  t.same(best.extra, { note: 'mine' })
})

t.test('resume: true starts afresh where nothing lies, else goes on', async (t) => {
  const folder = t.testdir({
    'checkpoint-00000001.safetensors.0123456789ab.part': '',
    'checkpoint-best.safetensors.0123456789ab.part': '',
    'checkpoint-large-00000001.safetensors.0123456789ab.part': '',
    'other-00000009.safetensors': '',
  })
  const seen: boolean[] = []
  const callbacks = () => [
    new train.Checkpoint(folder),
    { onFitStart: ({ resumed }: train.Run) => void seen.push(resumed) },
  ]
  await setUp().fit({ epochs: 1, callbacks: callbacks(), resume: true })
  t.same(
    readdirSync(folder).filter((file) => file.endsWith('.part')),
    ['checkpoint-large-00000001.safetensors.0123456789ab.part'],
    'what a killed run left is removed, but nothing of another one',
  )
  const history = await setUp().fit({ epochs: 2, callbacks: callbacks(), resume: true })
  t.same(seen, [false, true])
  t.equal(history.length, 2)
  await t.rejects(setUp().fit({ callbacks: callbacks() }), {
    message:
      /^Checkpoint: expected no checkpoints of an earlier run, got .*checkpoint-00000004\.safetensors; resume it/,
  })
  await setUp().fit({ epochs: 1, callbacks: [new train.Checkpoint(folder, { overwrite: true })] })
  t.same(
    readdirSync(folder).filter((file) => !file.endsWith('.part')),
    ['checkpoint-00000004.safetensors', 'other-00000009.safetensors'],
  )
})

t.test('what cannot be resumed is refused', async (t) => {
  const folder = t.testdir({})
  const path = join(folder, 'x.safetensors')
  const resume = (options: Options = {}) => setUp().fit({ resume: path, ...options })
  await t.rejects(resume(), { code: 'ENOENT' })
  await t.rejects(resume({ resume: true }), { name: 'TypeError', message: /expected a Checkpoint among the callbacks/ })
  writeFileSync(path, 'no checkpoint at all')
  await t.rejects(resume(), { code: 'ERR_FORMAT' })
  await io.saveCheckpoint(path, { model: {} })
  await t.rejects(resume(), {
    code: 'ERR_FORMAT',
    message: `${path}: expected a checkpoint of fit, got one without optimizer`,
  })
  await setUp().fit({ epochs: 1, callbacks: [new train.Checkpoint(folder)] })
  const saved = await train.latestCheckpoint(folder)
  await t.rejects(setUp([rings(10).batch(Int32Array.of(0, 1))]).fit({ resume: saved! }), {
    code: 'ERR_FORMAT',
    message: 'resume: expected batches of a DataLoader, got others',
  })
  await t.rejects(makeTrainer().fit(rings(), { epochs: 2, resume: saved! }), {
    code: 'ERR_FORMAT',
    message: 'resume: expected a run without a scheduler, got one with',
  })
})

t.test('checkpoints need a place, whole numbers, a moment of rest, and parts with a state', async (t) => {
  t.throws(() => new train.Checkpoint('x', { prefix: '../x' }), { name: 'RangeError', message: /without slashes/ })
  for (const name of ['everySteps', 'everyEpochs', 'keepLast'])
    t.throws(() => new train.Checkpoint('x', { [name]: 0 }), {
      name: 'RangeError',
      message: `Checkpoint: expected ${name} to be an integer ≥ 1, got 0`,
    })
  const restless: train.Callback = {
    onStep: async (_record, run) => {
      await run.checkpoint()
    },
  }
  await t.rejects(setUp().fit({ callbacks: [restless] }), {
    message: 'checkpoint: expected a call in onUpdate or onEpochEnd, got one elsewhere',
  })
  const bare = { step: () => undefined, zeroGrad: () => undefined }
  await t.rejects(
    makeTrainer({ optimizer: bare }).fit(rings(), { epochs: 1, callbacks: [new train.Checkpoint(t.testdir({}))] }),
    { name: 'TypeError', message: 'checkpoint: expected an optimizer with stateDict() and loadStateDict()' },
  )
})

t.test('schedulers of the library go on too, those of steps and those of figures', async (t) => {
  const schedules = {
    oneCycle: (optimizer: optim.SGD) => ({
      scheduler: new optim.lrScheduler.OneCycleLR(optimizer, 0.3, { totalSteps: 50 }),
      per: 'step' as const,
    }),
    plateau: (optimizer: optim.SGD) => ({
      scheduler: new optim.lrScheduler.ReduceLROnPlateau(optimizer, { patience: 0, threshold: 0.1 }),
      monitor: 'validationLoss',
    }),
  }
  for (const [name, schedule] of Object.entries(schedules)) {
    const run = async (options: Options) => {
      manualSeed(1)
      const model = makeNet()
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 })
      const trainer = makeTrainer({ optimizer, scheduler: schedule(optimizer) }, model)
      const loader = new data.DataLoader(rings(100), { batchSize: 10, shuffle: true })
      await trainer.fit(loader, { epochs: 4, validation: rings(50), ...options })
      const weights = await Promise.all([...model.parameters()].map(async (p) => [...(await p.data())]))
      return { weights, lr: optimizer.paramGroups[0]!.lr }
    }
    const folder = t.testdir({})
    const expected = await run({ callbacks: [new train.Checkpoint(folder, { everySteps: 1, keepLast: 99 })] })
    for (const step of [13, 30])
      t.same(await run({ resume: join(folder, `checkpoint-000000${step}.safetensors`) }), expected, name)
  }
})

t.test('a run that goes back to an earlier step takes the place of what came after', async (t) => {
  const folder = t.testdir({})
  const options = { everySteps: 1, keepLast: 2, monitor: 'epoch', mode: 'min' } as const
  const checkpoint = (overwrite = false) => new train.Checkpoint(folder, { ...options, overwrite })
  const whole = setUp()
  const expected = await whole.end(await whole.fit({ callbacks: [checkpoint()] }))
  const resume = checkpoint().bestPath
  await t.rejects(setUp().fit({ callbacks: [checkpoint()], resume }), {
    message: /^Checkpoint: expected no checkpoints after step 4, .* got .*-00000011\.safetensors; resume that one/,
  })
  await t.rejects(setUp().fit({ callbacks: [checkpoint(true), crash(7)], resume }), { message: 'crash' })
  const files = [5, 6].map((step) => `checkpoint-0000000${step}.safetensors`)
  t.same(readdirSync(folder).sort(), [...files, 'checkpoint-best.safetensors'])
  const other = setUp(undefined, 2)
  t.same(await other.end(await other.fit({ callbacks: [checkpoint()], resume: true })), expected)
})

/** Whether a run that is resumed after so many steps, seeded otherwise, ends as one that was not. */
async function resumes(
  t: Test,
  prepare: (seed: number) => Promise<(options: Options) => Promise<unknown>>,
  step: number,
) {
  const folder = t.testdir({})
  const checkpoint = new train.Checkpoint(folder, { everySteps: 1, keepLast: 99 })
  const expected = await (await prepare(1))({ callbacks: [checkpoint] })
  const resume = join(folder, `checkpoint-${String(step).padStart(8, '0')}.safetensors`)
  t.same(await (await prepare(2))({ resume }), expected)
}

t.test('loops of others over the same loaders do not move a run', async (t) => {
  const prepare = async (seed: number) => {
    const loader = new data.DataLoader(rings(100), { batchSize: 10, shuffle: true })
    const validation = new data.DataLoader(rings(50), { batchSize: 10 })
    const { fit, end } = setUp(loader, seed)
    for await (const batch of validation) if (batch) break
    const onUpdate = async ({ updates }: train.Run) => {
      if (updates === 2) for await (const batch of loader) if (batch) break
    }
    return async ({ callbacks = [], ...options }: Options) =>
      end(await fit({ validation, callbacks: [{ onUpdate }, ...callbacks], ...options }))
  }
  for (const step of [2, 3, 4]) await resumes(t, prepare, step)
})

t.test('random numbers that callbacks draw at the start do not move a run', async (t) => {
  const draw = () => void defaultGenerator.take(7)
  const callback = { onFitStart: draw, stateDict: () => ({}), loadStateDict: draw }
  const batches = [...Array(10).keys()].map((i) => rings(100).batch(Int32Array.of(i, i + 10, i + 20)))
  await resumes(
    t,
    (seed) => {
      const { fit, end } = setUp(batches, seed)
      return Promise.resolve(async ({ callbacks = [], ...options }) =>
        end(await fit({ callbacks: [callback, ...callbacks], ...options })),
      )
    },
    2,
  )
})

t.test('a run on a few batches of a shuffled loader goes on with the same ones', async (t) => {
  for (const own of [false, true])
    await resumes(
      t,
      (seed) => {
        const generator = own ? new Generator(seed) : undefined
        const options = { batchSize: 10, shuffle: true, ...(generator && { generator }) }
        const { fit, end } = setUp(new data.DataLoader(rings(100), options), seed)
        return Promise.resolve(async (options) => end(await fit({ overfitBatches: 2, ...options })))
      },
      2,
    )
})

t.test('a run that was stopped in the last step of an epoch still ends that epoch', async (t) => {
  const onUpdate = (run: train.Run) => {
    if (run.updates === 10) run.stop()
  }
  const prepare = (seed: number) => {
    const { fit, end } = setUp(undefined, seed, { accumulate: 2 })
    return Promise.resolve(async ({ callbacks = [], ...options }: Options) => {
      const history = await fit({ callbacks: [{ onUpdate }, ...callbacks], ...options })
      t.equal(history.length, 2)
      return end(history)
    })
  }
  await resumes(t, prepare, 10)
})

t.test('a metric without a state is refused within an epoch, not at its end', async (t) => {
  const plain: train.EpochMetric = {
    name: 'plain',
    start: () => ({ update: () => undefined, compute: () => 1, reset: () => undefined }),
  }
  const run = (options: train.CheckpointOptions) =>
    makeTrainer({ metrics: [plain] }).fit(rings(), {
      epochs: 1,
      callbacks: [new train.Checkpoint(t.testdir({}), options)],
    })
  await t.rejects(run({ everySteps: 1 }), {
    name: 'TypeError',
    message: /^checkpoint: expected a metric plain with stateDict\(\) and loadStateDict\(\)/,
  })
  t.equal((await run({})).length, 1)
})

t.test('tensors of a callback are its own only until it has copied them', async (t) => {
  let loaded: Tensor | undefined
  let seen: unknown
  const callback: train.Callback = {
    stateDict: () => ({ x: tensor([1, 2]) }),
    loadStateDict: ({ x }: { x: Tensor }) => {
      loaded = x
      seen = [...x.dataSync()]
    },
  }
  const folder = t.testdir({})
  const run = () => setUp().fit({ epochs: 1, resume: true, callbacks: [callback, new train.Checkpoint(folder)] })
  await run()
  await run()
  t.same(seen, [1, 2])
  t.throws(() => loaded!.dataSync(), /disposed/)
})
