import t from 'tap'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { data, Generator, memory, tensor, zeros } from 'convcore'
import { settle } from '../garbage.js'

/** A dataset that counts what is under way. */
function watched(length: number, load: (index: number) => Promise<unknown> = () => setTimeout(2)) {
  const seen = { started: 0, running: 0, most: 0 }
  const get = async (index: number): Promise<number> => {
    seen.started++
    seen.most = Math.max(seen.most, ++seen.running)
    try {
      await load(index)
    } finally {
      seen.running--
    }
    return index
  }
  return { seen, length, get }
}

t.test('batches come in order, and no more than asked for are loaded ahead', async (t) => {
  for (const prefetch of [0, 1, 3]) {
    const set = watched(12, (index) => setTimeout(index % 3))
    const order: number[] = []
    let taken = 0
    for await (const batch of new data.DataLoader(set, { prefetch })) {
      taken++
      t.ok(set.seen.started <= taken + prefetch, `${set.seen.started} started when ${taken} were taken`)
      order.push(...(await batch.data()))
    }
    t.same(order, Array.from(order.keys()))
    t.equal(order.length, 12)
    t.equal(set.seen.most, prefetch + 1)
  }
})

t.test('the order does not depend on it', async (t) => {
  const order = async (prefetch: number) => {
    const seen: number[] = []
    const options = { shuffle: true, generator: new Generator(1), batchSize: 3, prefetch }
    for await (const batch of new data.DataLoader(watched(10), options)) seen.push(...(await batch.data()))
    return seen
  }
  t.same(await order(4), await order(0))
})

t.test('leaving early waits for what is under way, and frees it', async (t) => {
  const set = { length: 20, get: () => 0, batch: async () => (await setTimeout(2), tensor(new Float32Array(1000))) }
  await settle()
  const before = memory().tensors
  for await (const batch of new data.DataLoader(set, { prefetch: 4 })) {
    batch.dispose()
    break
  }
  t.equal(memory().tensors, before)
  const counted = watched(20)
  for await (const batch of new data.DataLoader(counted, { prefetch: 4 })) {
    batch.dispose()
    break
  }
  t.equal(counted.seen.running, 0)
  const started = counted.seen.started
  await setTimeout(10)
  t.equal(counted.seen.started, started)
})

t.test('an error surfaces once, where its turn comes', async (t) => {
  const unhandled: unknown[] = []
  const listen = (error: unknown) => void unhandled.push(error)
  process.on('unhandledRejection', listen)
  const set = watched(10, (i) => (i >= 4 ? Promise.reject(new Error(`broken ${i}`)) : Promise.resolve()))
  const loader = new data.DataLoader(set, { prefetch: 8 })
  const batches = loader[Symbol.asyncIterator]()
  for (let i = 0; i < 4; i++) t.equal(await ((await batches.next()).value as { item(): Promise<number> }).item(), i)
  await t.rejects(batches.next(), { message: 'DataLoader: sample 4: broken 4' })
  t.ok((await batches.next()).done)
  await setImmediate()
  await setImmediate()
  t.same(unhandled, [])
  process.off('unhandledRejection', listen)
})

t.test('a wrong number is refused', (t) => {
  for (const prefetch of [-1, 0.5, NaN, Infinity])
    t.throws(() => new data.DataLoader({ length: 1, get: () => zeros([1]) }, { prefetch }), {
      name: 'RangeError',
      message: `DataLoader: expected prefetch to be an integer ≥ 0, got ${prefetch}`,
    })
  t.end()
})
