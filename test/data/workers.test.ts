import { execFileSync } from 'node:child_process'
import { subscribe } from 'node:diagnostics_channel'
import type { Worker } from 'node:worker_threads'
import { setTimeout } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { data, manualSeed, Tensor, tensor } from 'convcore'
import type { Options, Sample } from './sets/noisy.js'

const { DataLoader, fromModule } = data
const url = (name: string) => new URL(`./sets/${name}.js`, import.meta.url)
const noisy = (options: Options = {}) => fromModule<Sample>(url('noisy'), options)

type Loader = data.DataLoader<Sample>

const started: Worker[] = []
subscribe('worker_threads', (message) => started.push((message as { worker: Worker }).worker))

/** Threads besides this one. */
const threads = () => started.filter(({ threadId }) => threadId !== -1).length

async function values(batch: readonly Tensor[]): Promise<number[][]> {
  return Promise.all(batch.map(async (x) => [...(await x.data())]))
}

/** The values of all batches of some epochs. */
async function epochs(loader: Loader, count = 2): Promise<number[][][]> {
  const seen: number[][][] = []
  for (let i = 0; i < count; i++) for await (const batch of loader) seen.push(await values(batch))
  return seen
}

t.test('batches do not depend on the number of workers, random numbers included', async (t) => {
  for (const slow of [false, true]) {
    const set = await noisy({ slow })
    const load = async (numWorkers: number, options: data.DataLoaderOptions<Sample, data.Collated<Sample>> = {}) => {
      manualSeed(3)
      return epochs(new DataLoader(set, { batchSize: 4, shuffle: true, numWorkers, ...options }))
    }
    const expected = await load(0)
    t.equal(expected.length, 12)
    t.equal(expected[5]![0]!.length, 3 * 12, 'the last batch is smaller')
    t.notSame(expected[0]![0], expected[6]![0], 'epochs differ')
    t.equal(new Set(expected.flatMap(([picture]) => picture!)).size > 500, true, 'so do samples')
    t.same(await load(0, { prefetch: 3 }), expected)
    for (const numWorkers of slow ? [2] : [1, 2, 4]) t.same(await load(numWorkers), expected, `${numWorkers} workers`)
    t.same(await load(2, { prefetchFactor: 1, persistentWorkers: false }), expected)
  }
})

t.test('workers that stay serve every epoch, until the loader is disposed', async (t) => {
  const loader = new DataLoader(await noisy(), { batchSize: 5, numWorkers: 2, persistentWorkers: true })
  manualSeed(1)
  const first = await epochs(loader)
  t.equal(threads(), 2)
  for await (const batch of loader) {
    batch[0].dispose()
    break
  }
  t.equal(threads(), 2, 'a loop that is left does not end them')
  manualSeed(1)
  t.same(await epochs(loader), first)
  await loader.dispose()
  t.equal(threads(), 0)
  manualSeed(1)
  t.same(await epochs(loader), first, 'and come again')
  await loader.dispose()
})

t.test('a loader goes on within an epoch, with the same random numbers', async (t) => {
  const set = await noisy()
  for (const numWorkers of [0, 2]) {
    const make = () => new DataLoader(set, { batchSize: 4, shuffle: true, numWorkers })
    manualSeed(5)
    const whole = await epochs(make(), 1)
    manualSeed(5)
    const stopped = make()
    let state = ''
    for await (const batch of stopped) {
      t.same(await values(batch), whole[0])
      state = JSON.stringify(stopped.stateDict())
      break
    }
    manualSeed(99)
    const resumed = make()
    resumed.loadStateDict(JSON.parse(state) as data.LoaderState)
    t.same(await epochs(resumed, 1), whole.slice(1))
  }
})

t.test('subsets and concatenations travel with what they are made of', async (t) => {
  const [a, b] = [await noisy(), await noisy({ length: 5 })]
  const both = new data.Subset(new data.ConcatDataset<Sample>([a, b]), [27, 1, 24, 3, 3])
  const load = async (numWorkers: number) => {
    manualSeed(2)
    return epochs(new DataLoader(both, { batchSize: 2, numWorkers }), 1)
  }
  t.same(await load(2), await load(0))
})

t.test('a collate function gets samples as they were, and runs in the main thread', async (t) => {
  type Batch = [shape: string, dtype: string, picture: Tensor][]
  const set = await fromModule<Sample, Batch>(url('noisy'), { rows: 'uneven', length: 6 })
  const collate = (samples: Sample[]): Batch => samples.map(([x, , bytes]) => [x.shape.join(), bytes.dtype, x])
  const load = async (numWorkers: number) => {
    manualSeed(2)
    const seen: unknown[] = []
    for await (const batch of new DataLoader(set, { batchSize: 4, numWorkers, collate }))
      for (const [shape, dtype, picture] of batch) seen.push([shape, dtype, await picture.data()])
    return seen
  }
  t.same(await load(2), await load(0))
})

t.test('samples of different shapes are refused as without workers', async (t) => {
  const set = await noisy({ rows: 'uneven' })
  const message = 'DataLoader: expected sample 1 of shape [1, 3] like sample 0, got [2, 3]'
  for (const numWorkers of [0, 2])
    await t.rejects(epochs(new DataLoader(set, { batchSize: 2, numWorkers })), { code: 'ERR_SHAPE', message })
  const alone = await epochs(new DataLoader(set, { numWorkers: 2 }), 1)
  t.same(
    alone.map(([picture]) => picture!.length / 3),
    Array.from({ length: 23 }, (_, i) => i + 1),
    'alone they fit',
  )
})

t.test('an error in a worker has its index, stack and code', async (t) => {
  const set = await noisy({ trouble: 'throw', at: 9 })
  for (const numWorkers of [0, 2]) {
    const loader = new DataLoader(set, { batchSize: 4, numWorkers })
    const batches = loader[Symbol.asyncIterator]()
    for (let i = 0; i < 2; i++) t.notOk((await batches.next()).done)
    const error = (await batches.next().catch((error: unknown) => error)) as Error & { index: number }
    t.match(error, { message: 'DataLoader: sample 9: nothing at 9', index: 9 })
    t.match(error.cause, { name: 'RangeError', code: 'ERR_NOTHING', message: 'nothing at 9', stack: /sets\/noisy/ })
    t.equal((await batches.next()).done, true)
  }
})

t.test('a worker that dies is an error, not a hang', async (t) => {
  const load = async (trouble: 'die' | 'crash') =>
    epochs(
      new DataLoader(await noisy({ trouble, at: 9, slow: true }), {
        batchSize: 4,
        numWorkers: 2,
        persistentWorkers: true,
      }),
    )
  await t.rejects(load('die'), {
    message: /^DataLoader: worker \d of 2 ended with exit code 7 with these samples under way: .*\b9\b/,
  })
  await t.rejects(load('crash'), {
    message: /^DataLoader: worker \d of 2 failed: out of the blue with these samples under way: .*\b9\b/,
    cause: { stack: /noisy/ },
  })
})

t.test('a loop can be left, aborted and disposed at any time, even while a sample hangs', async (t) => {
  const set = await noisy({ trouble: 'hang', at: 6, slow: true })
  const left = new DataLoader(set, { batchSize: 2, numWorkers: 2 })
  for await (const batch of left) {
    t.equal(batch[0].shape[0], 2)
    break
  }
  t.equal(threads(), 0)
  const controller = new AbortController()
  const aborted = new DataLoader(set, { batchSize: 2, numWorkers: 2, signal: controller.signal })
  void setTimeout(300).then(() => controller.abort(new Error('enough')))
  await t.rejects(epochs(aborted), { message: 'enough' })
  t.equal(threads(), 0)
  await t.rejects(epochs(aborted), { message: 'enough' }, 'nor does it begin again')
  const disposed = new DataLoader(set, { batchSize: 2, numWorkers: 2 })
  const waiting = t.rejects(epochs(disposed), { message: /one that was disposed/ })
  await setTimeout(300)
  await disposed.dispose()
  await waiting
})

t.test('an abort ends the threads while nobody waits for a batch', async (t) => {
  const controller = new AbortController()
  const loader = new DataLoader(await noisy(), { numWorkers: 2, signal: controller.signal })
  const batches = loader[Symbol.asyncIterator]()
  await batches.next()
  t.equal(threads(), 2)
  controller.abort()
  for (let i = 0; threads() > 0 && i < 500; i++) await setTimeout(10)
  t.equal(threads(), 0)
  await t.rejects(batches.next(), { name: 'AbortError' })
})

t.test('a loop that is forgotten keeps no process alive', (t) => {
  const program = `
    import { data } from 'convcore'
    const set = await data.fromModule(${JSON.stringify(url('noisy').href)})
    const batches = new data.DataLoader(set, { numWorkers: 2, persistentWorkers: true })[Symbol.asyncIterator]()
    console.log((await batches.next()).value[0].shape.join())`
  const out = execFileSync(process.execPath, ['--input-type=module', '-e', program], {
    timeout: 60_000,
    encoding: 'utf8',
  })
  t.equal(out, '1,4,3\n')
  t.end()
})

t.test('no more is loaded ahead than asked for', async (t) => {
  const set = await noisy({ length: 40 })
  const loader = new DataLoader(set, { numWorkers: 2, prefetchFactor: 3 })
  t.equal(loader.numWorkers, 2)
  t.equal(loader.prefetch, 5, 'two workers with three batches each, one of which is the next')
  let taken = 0
  for await (const batch of loader) taken += batch[0].shape[0]!
  t.equal(taken, 40)
})

t.test('samples that a dataset skips are left out, and told of', async (t) => {
  const set = await noisy({ trouble: 'skip', at: 4, length: 6 })
  const warnings: string[] = []
  const listen = (warning: Error) => void warnings.push(warning.message)
  process.on('warning', listen)
  for (const numWorkers of [0, 2]) {
    const loader = new DataLoader(set, { batchSize: 2, numWorkers })
    t.same(
      (await epochs(loader, 2)).map(([, , bytes]) => bytes),
      [0, 2, 5, 0, 2, 5].map((i) => (i === 5 ? [5, 255] : [i, 255, i + 1, 255])),
    )
    t.same([...loader.skipped], [[4, 'file 4 is empty']])
    const alone = new DataLoader(set, { numWorkers })
    t.equal((await epochs(alone, 1)).length, 5, 'a batch that would be empty does not come')
    t.equal(alone.length, 6)
  }
  await setTimeout(0)
  process.off('warning', listen)
  t.same(warnings, new Array(4).fill('DataLoader: sample 4 is left out: file 4 is empty'))
})

t.test('datasets that make whole batches do so in workers, without random numbers', async (t) => {
  const load = async (options: object, numWorkers: number) => {
    const seen: number[][] = []
    const set = await fromModule<Tensor>(url('whole'), options)
    for await (const batch of new DataLoader(set, { batchSize: 4, numWorkers })) seen.push([...(await batch.data())])
    return seen
  }
  t.same(await load({}, 2), await load({}, 0))
  await t.rejects(load({ random: true }, 1), {
    message: /expected random numbers to be drawn in get\(\), got some drawn in batch/,
  })
})

t.test('what cannot travel is refused with a way out', async (t: Test) => {
  const here = { length: 3, get: (i: number) => i }
  const way = /^DataLoader: expected, with numWorkers, a dataset that can be made in each worker.*data\.fromModule\(\)/
  t.throws(() => new DataLoader(here, { numWorkers: 1 }), { name: 'TypeError', message: way })
  t.throws(() => new DataLoader(new data.Subset(here, [0]), { numWorkers: 1 }), { name: 'TypeError', message: way })
  t.throws(() => new DataLoader(new data.TensorDataset(tensor([1])), { numWorkers: 1 }), {
    message: /instance of TensorDataset/,
  })
  await t.rejects(fromModule(url('none')), {
    name: 'TypeError',
    message: /none\.js: expected its export default to be a function/,
  })
  await t.rejects(fromModule(url('no-such')), { code: 'ERR_MODULE_NOT_FOUND' })
  await t.rejects(fromModule(url('noisy'), { length: () => 1 }), {
    name: 'TypeError',
    message: /expected options that can be copied/,
  })
  const set = await noisy({ trouble: 'function', at: 0 })
  await t.rejects(epochs(new DataLoader(set, { numWorkers: 1 })), {
    message: /expected a sample that can leave its worker .*got a function/,
  })
  const grown = await fromModule<Tensor>(url('whole'), { grows: true })
  process.env.CONVCORE_GROWN = '1'
  const loader = new DataLoader(grown, { numWorkers: 1 })
  await t.rejects(loader[Symbol.asyncIterator]().next(), {
    message: /expected the dataset to have 10 samples, as in the main thread, got 11/,
  })
  delete process.env.CONVCORE_GROWN
})

t.test('wrong options are refused', async (t) => {
  const set = await noisy()
  const refused = (options: object, expected: { name: string; message: RegExp }) =>
    t.throws(() => new DataLoader(set, options), expected)
  for (const numWorkers of [-1, 0.5, NaN])
    refused({ numWorkers }, { name: 'RangeError', message: /expected numWorkers to be an integer ≥ 0/ })
  refused({ numWorkers: 1, prefetchFactor: 0 }, { name: 'RangeError', message: /prefetchFactor to be an integer ≥ 1/ })
  refused({ numWorkers: 1, prefetch: 1 }, { name: 'TypeError', message: /prefetchFactor to say.*got prefetch/ })
  refused({ prefetchFactor: 2 }, { name: 'TypeError', message: /with numWorkers ≥ 1, got no workers/ })
  refused({ persistentWorkers: true }, { name: 'TypeError', message: /with numWorkers ≥ 1, got no workers/ })
  t.throws(() => new DataLoader(new data.IterableDataset([1, 2]), { numWorkers: 1 }), {
    name: 'TypeError',
    message: /IterableDataset to be read by the main thread/,
  })
})

t.test('after all this no thread is left', (t) => {
  t.ok(started.length > 30, `${started.length} were started`)
  t.equal(threads(), 0)
  t.end()
})
