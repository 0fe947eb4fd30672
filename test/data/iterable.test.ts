import t from 'tap'
import { data, tensor, train, nn, optim, zeros } from 'convcore'
import { setTimeout } from 'node:timers/promises'

const { DataLoader, IterableDataset } = data

async function batches(loader: AsyncIterable<{ data(): Promise<ArrayLike<number>> }>): Promise<number[][]> {
  const seen: number[][] = []
  for await (const batch of loader) seen.push(Array.from(await batch.data()))
  return seen
}

function* count(n = 5) {
  for (let i = 0; i < n; i++) yield i
}

async function* slowly() {
  for (let i = 0; i < 5; i++) {
    await setTimeout(1)
    yield i
  }
}

const inTwos = [[0, 1], [2, 3], [4]]

t.test('iterables, asynchronous ones and generator functions are gone through in their order', async (t) => {
  for (const source of [[0, 1, 2, 3, 4], new Set([0, 1, 2, 3, 4]), () => count(), slowly, [0, 1, 2, 3, 4].values()]) {
    const loader = new DataLoader(new IterableDataset(source), { batchSize: 2 })
    t.equal(loader.length, undefined)
    t.same(await batches(loader), inTwos)
  }
  t.same(
    await batches(new DataLoader(new IterableDataset(slowly), { batchSize: 2, dropLast: true })),
    inTwos.slice(0, 2),
  )
  t.same(await batches(new DataLoader(new IterableDataset([]), { batchSize: 2 })), [])
})

t.test('every loop is an epoch, but a generator has only one', async (t) => {
  const loader = new DataLoader(new IterableDataset(() => count()), { batchSize: 2, prefetch: 3 })
  t.same(await batches(loader), inTwos)
  t.same(await batches(loader), inTwos)
  const once = new DataLoader(new IterableDataset(count()), { batchSize: 2 })
  t.same(await batches(once), inTwos)
  await t.rejects(batches(once), { name: 'TypeError', message: /got a generator; give the function that makes it/ })
})

t.test('leaving a loop closes the source', async (t) => {
  let closed = 0
  function* endless() {
    try {
      for (let i = 0; ; i++) yield i
    } finally {
      closed++
    }
  }
  for (const prefetch of [0, 2]) {
    for await (const batch of new DataLoader(new IterableDataset(endless), { batchSize: 2, prefetch }))
      if ((await batch.data())[0] === 6) break
  }
  t.equal(closed, 2)
})

t.test('a failure names its sample', async (t) => {
  function* failing() {
    yield* count(3)
    throw new Error('unreadable')
  }
  const loader = new DataLoader(new IterableDataset(failing), { batchSize: 2 })
  await t.rejects(batches(loader), { message: 'DataLoader: sample 3: unreadable' })
  const mixed = new DataLoader(new IterableDataset<unknown>(() => [1, 2, 3, 'four']), { batchSize: 2 })
  await t.rejects(batches(mixed as never), { code: 'ERR_DTYPE', message: /sample 3 to be a number like sample 2/ })
})

t.test('a trainer takes it as it takes datasets', async (t) => {
  const model = new nn.Sequential(new nn.Linear(2, 2))
  const trainer = new train.Trainer(model, {
    optimizer: new optim.SGD(model.parameters()),
    loss: new nn.CrossEntropyLoss(),
  })
  const stream = new IterableDataset(function* () {
    for (let i = 0; i < 7; i++) yield [zeros([2]), i % 2] as const
  })
  const sizes: number[] = []
  const onStep = ({ step }: train.StepRecord) => void sizes.push(step)
  const [record] = await trainer.fit(stream, { epochs: 1, batchSize: 3, validation: stream, onStep })
  t.same(sizes, [1, 2, 3])
  t.ok(record!.validationLoss! > 0)
  t.same((await trainer.predict(new IterableDataset(() => [zeros([2]), zeros([2])]))).shape, [2, 2])
})

t.test('misuse is refused', (t) => {
  t.throws(() => new IterableDataset(5 as never), {
    name: 'TypeError',
    message: 'IterableDataset: expected an iterable, or a function that makes one, got 5',
  })
  t.throws(() => new IterableDataset((() => tensor(1)) as never).open(), { message: /got an instance of Tensor/ })
  const stream = new IterableDataset(() => count())
  t.throws(() => new DataLoader(stream, { shuffle: true }), {
    name: 'TypeError',
    message: 'DataLoader: expected an IterableDataset in its own order, got one with a sampler or shuffle',
  })
  t.throws(() => new DataLoader(stream, { sampler: [1] }), { name: 'TypeError' })
  t.end()
})
