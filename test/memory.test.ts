import t from 'tap'
import {
  crossEntropy,
  data,
  manualSeed,
  memory,
  nn,
  optim,
  randn,
  resetPeak,
  scope,
  Scope,
  tensor,
  train,
} from 'convcore'
import { settle } from './garbage.js'

t.setTimeout(120_000)

const SAMPLES = 128
const labels = () => tensor(Int32Array.from({ length: SAMPLES }, (_, i) => i % 10))

/** Little to compute and much to remember: about 20 MB of intermediate results per step. */
function build() {
  return new nn.Sequential(
    new nn.Conv2d(1, 16, 1),
    new nn.ReLU(),
    new nn.AvgPool2d(2),
    new nn.ReLU(),
    new nn.AvgPool2d(7),
    new nn.Flatten(),
    new nn.Linear(64, 10),
  )
}

const skip = process.env.CONVCORE_SANITIZED ? 'a sanitizer slows everything down' : false

t.test('the trainer keeps memory flat, and a loop without scopes stays within twice its peak', { skip }, async (t) => {
  manualSeed(1)
  const x = randn([SAMPLES, 1, 28, 28])
  const y = labels()
  const before = memory().live
  resetPeak()

  const model = build()
  const trainer = new train.Trainer(model, {
    optimizer: new optim.SGD(model.parameters(), { lr: 0.01 }),
    loss: new nn.CrossEntropyLoss(),
  })
  const after: number[] = []
  const reserved: number[] = []
  await trainer.fit(new data.TensorDataset(x, y), {
    epochs: 50,
    batchSize: SAMPLES,
    onEpoch() {
      after.push(memory().live)
      reserved.push(memory().live + memory().pooled)
    },
  })
  const trainerPeak = memory().peak - before
  t.equal(new Set(after.slice(1)).size, 1, 'what is live after an epoch never changes')
  t.equal(new Set(reserved.slice(2)).size, 1, 'the pool takes nothing more from the system')

  resetPeak()
  const plain = build()
  const optimizer = new optim.SGD(plain.parameters(), { lr: 0.01 })
  for (let step = 0; step < 2000; step++) {
    optimizer.zeroGrad()
    const loss = crossEntropy(plain(x), y)
    loss.backward()
    optimizer.step()
    await loss.item()
  }
  const plainPeak = memory().peak - before
  t.ok(plainPeak <= 2 * trainerPeak, `peak ${plainPeak} against the trainer's ${trainerPeak}`)
})

t.test('backward frees what the tape holds, without any garbage collection', (t) => {
  const model = build()
  const x = randn([SAMPLES, 1, 28, 28])
  const y = labels()
  const step = () =>
    scope(() => {
      const loss = crossEntropy(model(x), y)
      loss.backward()
      model.zeroGrad()
    })
  step()
  const { tensors, live } = memory()
  for (let i = 0; i < 20; i++) step()
  t.equal(memory().tensors, tensors)
  t.equal(memory().live, live)
  t.end()
})

t.test('a scope frees all but what it returns', (t) => {
  const { tensors } = memory()
  const kept = scope(() => {
    const a = randn([10])
    return { sum: a.add(1).sum(), list: [a.mul(2)] }
  })
  t.equal(memory().tensors, tensors + 2)
  t.equal(kept.list[0]!.size, 10)
  kept.sum.dispose()
  kept.list[0]!.dispose()
  t.equal(memory().tensors, tensors)
  t.end()
})

t.test('a scope frees the tape of a graph that was never gone through', (t) => {
  const { tensors } = memory()
  scope(() => {
    const a = randn([10], { requiresGrad: true })
    a.mul(a).add(1).sum()
  })
  t.equal(memory().tensors, tensors)
  t.end()
})

t.test('a result that leaves a scope keeps what its gradient needs', async (t) => {
  const a = randn([10], { requiresGrad: true })
  const loss = scope(() => a.mul(a).sum())
  loss.backward()
  t.strictSame(
    await a.grad!.data(),
    (await a.data()).map((v) => 2 * v),
  )
})

t.test('an asynchronous function owns a scope', async (t) => {
  await settle()
  const { tensors } = memory()
  {
    using step = new Scope()
    const total = step.run(() => randn([10]).mul(0).sum())
    t.equal(await total.item(), 0)
  }
  t.equal(memory().tensors, tensors)
})

t.test('ambient state refuses asynchronous functions', (t) => {
  // @ts-expect-error the types refuse it too
  t.throws(() => scope(async () => {}), { name: 'TypeError', message: /scope|Scope/ })
  t.end()
})

t.test('disposing twice, and after the scope, is harmless', (t) => {
  const a = scope(() => randn([3]))
  a.dispose()
  a.dispose()
  t.ok(a.disposed)
  t.throws(() => a.add(1), { name: 'DisposedError', message: /add: expected a/ })
  t.end()
})

t.test('more memory than there is is refused at the call, and the next call works', (t) => {
  t.throws(() => randn([2 ** 20, 2 ** 20]), { name: 'RangeError', code: 'ERR_OUT_OF_MEMORY', message: /4398046511104/ })
  t.equal(randn([4]).size, 4)
  t.end()
})
