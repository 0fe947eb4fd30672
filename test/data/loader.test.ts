import t, { type Test } from 'tap'
import { setTimeout } from 'node:timers/promises'
import { data, Generator, tensor, type Tensor } from 'convcore'

const { DataLoader, SubsetRandomSampler, TensorDataset } = data

/** Ten samples: a number and its square. */
const squares = {
  length: 10,
  get: (index: number): [number, number] => [index, index * index],
}

async function epoch(t: Test, loader: AsyncIterable<[Tensor, Tensor]>): Promise<number[][]> {
  const batches: number[][] = []
  for await (const [x, y] of loader) {
    const numbers = [...(await x.data())]
    const squared = [...(await y.data())]
    t.same(
      squared,
      numbers.map((n) => n * n),
      'samples stay whole',
    )
    batches.push(numbers)
  }
  return batches
}

t.test('a loader goes through a dataset in order', async (t) => {
  const loader = new DataLoader(squares, { batchSize: 4 })
  t.equal(loader.length, 3)
  t.same(await epoch(t, loader), [
    [0, 1, 2, 3],
    [4, 5, 6, 7],
    [8, 9],
  ])
})

t.test('the last short batch can be left out', async (t) => {
  const loader = new DataLoader(squares, { batchSize: 4, dropLast: true })
  t.equal(loader.length, 2)
  t.equal((await epoch(t, loader)).length, 2)
  const none = new DataLoader(squares, { batchSize: 11, dropLast: true })
  t.equal(none.length, 0)
  t.same(await epoch(t, none), [])
})

t.test('a batch may be larger than the dataset, and a dataset empty', async (t) => {
  t.same(await epoch(t, new DataLoader(squares, { batchSize: 1e9 })), [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]])
  const empty = new DataLoader({ ...squares, length: 0 }, { batchSize: 2, shuffle: true })
  t.equal(empty.length, 0)
  t.same(await epoch(t, empty), [])
})

t.test('shuffling gives every epoch its own order, the same ones for the same seed', async (t) => {
  const shuffled = () => new DataLoader(squares, { batchSize: 10, shuffle: true, generator: new Generator(1) })
  const loader = shuffled()
  const [first] = await epoch(t, loader)
  const [second] = await epoch(t, loader)
  t.notSame(first, second)
  t.same(
    first!.toSorted((a, b) => a - b),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  )
  const again = shuffled()
  t.same([await epoch(t, again), await epoch(t, again)], [[first], [second]])
})

t.test('samplers split a dataset without overlap', async (t) => {
  const order = new Generator(2).permutation(10)
  const training = new DataLoader(squares, { batchSize: 3, sampler: new SubsetRandomSampler(order.subarray(0, 7)) })
  const validation = new DataLoader(squares, { batchSize: 3, sampler: new SubsetRandomSampler(order.subarray(7)) })
  t.equal(training.length, 3)
  t.equal(validation.length, 1)
  const seen = [...(await epoch(t, training)), ...(await epoch(t, validation))].flat()
  t.same(
    seen.toSorted((a, b) => a - b),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  )
})

t.test('integers become int32, other numbers float32, tensors a stack', async (t) => {
  const samples = {
    length: 2,
    get: (i: number): [number, number, Tensor] => [
      i,
      i + 0.5,
      tensor([
        [i, 2],
        [3, 4],
      ]),
    ],
  }
  for await (const [integers, reals, stacked] of new DataLoader(samples, { batchSize: 2 })) {
    t.equal(integers.dtype, 'int32')
    t.equal(reals.dtype, 'float32')
    t.same(stacked.shape, [2, 2, 2])
    t.same(await stacked.data(), Float32Array.of(0, 2, 3, 4, 1, 2, 3, 4))
  }
})

t.test('the first batch decides what numbers become', async (t) => {
  const of = (values: number[], options = {}) =>
    new DataLoader({ length: values.length, get: (i) => [values[i]!, i] as [number, number] }, options)
  const types = async (loader: ReturnType<typeof of>) => {
    const seen: string[] = []
    for await (const [value, index] of loader) seen.push(`${value.dtype} ${index.dtype}`)
    return seen
  }
  const real = of([0.5, 1, 2])
  t.same(await types(real), new Array(3).fill('float32 int32'))
  const { numbers } = real.stateDict()
  t.same(numbers, { 0: 'float32', 1: 'int32' })
  const resumed = of([0.5, 1, 2])
  resumed.loadStateDict({ position: 1, numbers })
  t.same(await types(resumed), new Array(2).fill('float32 int32'), 'as before in a loader that goes on')
  await t.rejects(types(of([3, 1, 0.5], { batchSize: 2 })), {
    code: 'ERR_DTYPE',
    message:
      /^DataLoader: expected element 0 of sample 2 to be an integer of 32 bits like those in earlier batches, got 0.5/,
  })
  const late = { length: 3, get: async (i: number) => (await setTimeout(5 - 2 * i), [0.5, 1, 2][i]!) }
  for await (const batch of new DataLoader(late, { prefetch: 2 }))
    t.equal(batch.dtype, 'float32', 'whichever is ready first')
})

t.test('a collate function makes batches of anything', async (t) => {
  const words = { length: 3, get: (i: number) => 'abc'[i]! }
  const loader = new DataLoader(words, { batchSize: 2, collate: (letters: string[]) => letters.join('') })
  const batches: string[] = []
  for await (const batch of loader) batches.push(batch)
  t.same(batches, ['ab', 'c'])
})

t.test('a dataset may answer with promises', async (t) => {
  const slow = { length: 10, get: (i: number) => Promise.resolve(squares.get(i)) }
  t.same(
    await epoch(t, new DataLoader<[number, number]>(slow, { batchSize: 5 })),
    await epoch(t, new DataLoader(squares, { batchSize: 5 })),
  )
})

t.test('tensors are batched by rows', async (t) => {
  const images = tensor(
    Float32Array.from({ length: 24 }, (_, i) => i),
    { shape: [3, 2, 2, 2] },
  )
  const dataset = new TensorDataset(images, tensor(Int32Array.of(7, 8, 9)))
  const [image, label] = dataset.get(1)
  t.same(image.shape, [2, 2, 2])
  t.same(await image.data(), Float32Array.of(8, 9, 10, 11, 12, 13, 14, 15))
  t.equal(await label.item(), 8)
  const sampler = new SubsetRandomSampler([2, 2])
  for await (const [x, y] of new DataLoader(dataset, { batchSize: 2, sampler })) {
    t.same(x.shape, [2, 2, 2, 2])
    t.same([...(await x.data()).subarray(0, 2)], [16, 17])
    t.same(await y.data(), Int32Array.of(9, 9))
  }
})

t.test('the event loop turns before every batch', async (t) => {
  let turns = 0
  let running = true
  const turn = () => {
    turns++
    if (running) setImmediate(turn)
  }
  setImmediate(turn)
  for await (const batch of new DataLoader(squares)) batch[0].dispose()
  running = false
  t.ok(turns >= 10, `${turns} turns for 10 batches`)
})

t.test('a failure names its sample', async (t) => {
  const reason = new Error('unreadable')
  const throwing = { length: 5, get: (i: number) => (i === 3 ? raise(reason) : i) }
  const rejecting = { length: 5, get: (i: number) => (i >= 3 ? Promise.reject(reason) : Promise.resolve(i)) }
  const mixed = { length: 5, get: (i: number) => (i < 2 ? Promise.reject(reason) : raise(reason)) }
  await t.rejects(exhaust(new DataLoader(throwing, { batchSize: 5 })), {
    message: /sample 3: unreadable/,
    cause: reason,
  })
  await t.rejects(exhaust(new DataLoader<number>(rejecting, { batchSize: 5 })), { message: /sample 3: unreadable/ })
  await t.rejects(exhaust(new DataLoader<number>(mixed, { batchSize: 5 })), { message: /sample \d: unreadable/ })
})

t.test('samples that do not fit together are named', async (t) => {
  const load = (get: (i: number) => unknown) =>
    exhaust(new DataLoader<unknown, unknown>({ length: 2, get }, { batchSize: 2 }))
  await t.rejects(
    load((i) => tensor(new Float32Array(i + 1))),
    { code: 'ERR_SHAPE', message: /sample 1 of shape \[1\] like sample 0, got \[2\]/ },
  )
  await t.rejects(
    load((i) => (i ? [1] : 1)),
    { code: 'ERR_DTYPE', message: /sample 1 to be a number/ },
  )
  await t.rejects(
    load((i) => (i ? 1 : tensor(1))),
    { code: 'ERR_DTYPE', message: /sample 1 to be a tensor/ },
  )
  await t.rejects(
    load((i) => [1, 2].slice(i)),
    { code: 'ERR_DTYPE', message: /an array of 2/ },
  )
  await t.rejects(
    load(() => 'word'),
    { code: 'ERR_DTYPE', message: /collate/ },
  )
})

t.test('wrong options are refused', async (t) => {
  for (const batchSize of [0, -1, 1.5, NaN]) {
    t.throws(() => new DataLoader(squares, { batchSize }), { name: 'RangeError', message: /batchSize/ })
  }
  const sampler = [10]
  t.throws(() => new DataLoader(squares, { sampler, shuffle: true }), {
    name: 'TypeError',
    message: /sampler or shuffle/,
  })
  await t.rejects(exhaust(new DataLoader(squares, { sampler })), { name: 'RangeError', message: /from 0 to 9, got 10/ })
  await t.rejects(exhaust(new DataLoader(squares, { sampler: [0.5] })), { name: 'RangeError', message: /got 0.5/ })
  t.throws(() => new TensorDataset(tensor([1, 2]), tensor([1])), {
    code: 'ERR_SHAPE',
    message: /to be 2, got shape \[1\]/,
  })
  t.throws(() => new TensorDataset(), { code: 'ERR_SHAPE' })
  t.throws(() => new TensorDataset(tensor(1)), { code: 'ERR_SHAPE' })
})

async function exhaust(loader: AsyncIterable<unknown>): Promise<void> {
  const batches = loader[Symbol.asyncIterator]()
  while (!(await batches.next()).done);
}

function raise(error: Error): never {
  throw error
}
