import { setImmediate, setTimeout } from 'node:timers/promises'
import t from 'tap'
import { QueueError, randn, Scope, serve, stack, nn, noGrad, unbind, type Tensor } from 'convcore'

const { Batcher } = serve

/** Doubles numbers, and keeps what came together. Each batch waits until it is let go. */
function doubler(options: serve.BatcherOptions = {}) {
  const batches: number[][] = []
  const held: (() => void)[] = []
  const batcher = new Batcher(async (inputs: number[]) => {
    batches.push(inputs)
    await new Promise<void>((resolve) => held.push(resolve))
    return inputs.map((x) => 2 * x)
  }, options)
  /** Lets the batch that runs go, and waits until the next one has begun, if any waits. */
  const go = async () => {
    await setImmediate()
    held.shift()!()
    await setImmediate()
  }
  return { batcher, batches, go }
}

t.test('requests that come together are answered together, each with its own output', async (t) => {
  const { batcher, batches, go } = doubler()
  const answers = Promise.all([3, 1, 2].map((x) => batcher.add(x)))
  t.equal(batcher.waiting, 3)
  await setTimeout(20)
  await go()
  t.same(await answers, [6, 2, 4])
  t.same(batches, [[3, 1, 2]])
  t.equal(batcher.waiting, 0)
})

t.test('a batch has maxBatch inputs at most, and starts as soon as it has them', async (t) => {
  const { batcher, batches, go } = doubler({ maxBatch: 2, maxWaitMs: 60_000 })
  const answers = Promise.all([1, 2, 3, 4].map((x) => batcher.add(x)))
  await go()
  await go()
  t.same(await answers, [2, 4, 6, 8])
  t.same(batches, [
    [1, 2],
    [3, 4],
  ])
})

t.test('what comes while a batch runs goes together after it, without another wait', async (t) => {
  const { batcher, batches, go } = doubler({ maxWaitMs: 0 })
  const answers = [batcher.add(1)]
  await setImmediate()
  answers.push(batcher.add(2))
  await setImmediate()
  answers.push(batcher.add(3))
  await go()
  await go()
  t.same(await Promise.all(answers), [2, 4, 6])
  t.same(batches, [[1], [2, 3]])
})

t.test('an input that comes alone waits for others', async (t) => {
  const { batcher, batches, go } = doubler({ maxWaitMs: 300 })
  const first = batcher.add(1)
  await setImmediate()
  const second = batcher.add(2)
  t.equal(batches.length, 0)
  await setTimeout(310)
  await go()
  t.same(await Promise.all([first, second]), [2, 4])
  t.same(batches, [[1, 2]])
})

t.test('the error of a batch reaches its callers and nobody else', async (t) => {
  const batcher = new Batcher(
    (inputs: number[]) => {
      if (inputs.includes(0)) throw new RangeError('zero')
      return inputs.map((x) => 1 / x)
    },
    { maxBatch: 2, maxWaitMs: 0 },
  )
  const answers = await Promise.allSettled([1, 0, 2, 4].map((x) => batcher.add(x)))
  t.match(answers, [
    { status: 'rejected', reason: { message: 'zero' } },
    { status: 'rejected', reason: { message: 'zero' } },
    { status: 'fulfilled', value: 0.5 },
    { status: 'fulfilled', value: 0.25 },
  ])
  t.equal(await batcher.add(8), 0.125, 'and it goes on')
})

t.test('as many outputs as inputs are asked for', async (t) => {
  const short = new Batcher((inputs: number[]) => inputs.slice(1))
  await t.rejects(short.add(1), {
    message: 'Batcher: expected an array of 1 outputs, one for each input, got one of 0',
  })
  const none = new Batcher((() => undefined) as unknown as (inputs: number[]) => number[])
  await t.rejects(none.add(1), /one for each input, got undefined/)
})

t.test('a full queue refuses, and takes inputs again once there is room', async (t) => {
  const { batcher, go } = doubler({ maxBatch: 1, maxQueue: 2, maxWaitMs: 0 })
  const first = batcher.add(1)
  await setImmediate() // it runs
  const waiting = [batcher.add(2), batcher.add(3)]
  const refused = await batcher.add(4).catch((error: unknown) => error)
  t.ok(refused instanceof QueueError)
  t.match(refused, { name: 'QueueError', code: 'ERR_QUEUE_FULL', message: /at most 2 inputs to wait/ })
  await go()
  t.equal(await first, 2)
  const later = batcher.add(5)
  for (let i = 0; i < 3; i++) await go()
  t.same(await Promise.all([...waiting, later]), [4, 6, 10])
})

t.test('close answers what waits, at once, and takes nothing more', async (t) => {
  const { batcher, batches, go } = doubler({ maxBatch: 2, maxWaitMs: 60_000 })
  const answers = Promise.all([1, 2, 3].map((x) => batcher.add(x)))
  let closed = false
  const closing = batcher.close().then(() => (closed = true))
  await t.rejects(batcher.add(4), { name: 'QueueError', code: 'ERR_QUEUE_CLOSED' })
  await go()
  t.notOk(closed, 'a batch waits still')
  await go()
  t.same(await answers, [2, 4, 6])
  await closing
  t.same(batches, [[1, 2], [3]])
  await batcher.close()
  await new Batcher((inputs: number[]) => inputs).close()
  await using unused = new Batcher((inputs: number[]) => inputs)
  t.equal(unused.waiting, 0)
})

t.test('a request that is aborted leaves the queue', async (t) => {
  const { batcher, batches, go } = doubler({ maxBatch: 2, maxWaitMs: 60_000 })
  const gone = new AbortController()
  const dropped = batcher.add(1, { signal: gone.signal })
  gone.abort(new Error('the client left'))
  await t.rejects(dropped, { message: 'the client left' })
  t.equal(batcher.waiting, 0)
  const answers = Promise.all([batcher.add(2), batcher.add(3)])
  await go()
  t.same(await answers, [4, 6])
  t.same(batches, [[2, 3]])
  await t.rejects(batcher.add(4, { signal: gone.signal }), { message: 'the client left' })
  await batcher.close()
})

t.test('one that is aborted while its batch runs does not wait for it, and others do not notice', async (t) => {
  const { batcher, go } = doubler({ maxWaitMs: 0 })
  const gone = new AbortController()
  const [dropped, other] = [batcher.add(1, { signal: gone.signal }), batcher.add(2)]
  await setImmediate()
  gone.abort()
  await t.rejects(dropped, { name: 'AbortError' })
  await go()
  t.equal(await other, 4)
})

t.test('a run that asks for more does not wait for itself', async (t) => {
  const batcher: serve.Batcher<number, number> = new Batcher(
    (inputs: number[]) => {
      if (inputs.includes(1)) void batcher.add(2).catch(() => t.fail())
      return inputs
    },
    { maxBatch: 1, maxWaitMs: 0 },
  )
  t.equal(await batcher.add(1), 1)
  await batcher.close()
})

t.test('a model answers images that came one by one as it answers each alone', async (t) => {
  const model = new nn.Sequential(new nn.Conv2d(1, 2, 3), new nn.Flatten(), new nn.Linear(2 * 36, 3)).eval()
  const batcher = new Batcher(async (images: Tensor[]) => {
    using made = new Scope()
    const logits = await made.run(() => noGrad(() => model(stack(images)))).data()
    return images.map((_, i) => logits.slice(3 * i, 3 * (i + 1)))
  })
  const images = unbind(randn([5, 1, 8, 8]))
  const together = await Promise.all(images.map((image) => batcher.add(image)))
  for (const [i, image] of images.entries()) {
    const alone = await model(stack([image])).data()
    for (const [k, value] of alone.entries()) t.ok(Math.abs(together[i]![k]! - value) < 1e-5)
  }
})

t.test('misuse is refused with what was expected', (t) => {
  const run = (inputs: number[]) => inputs
  t.throws(() => new Batcher('run' as never), { name: 'TypeError', message: 'Batcher: expected a function, got "run"' })
  for (const maxBatch of [0, 1.5, -1, NaN])
    t.throws(() => new Batcher(run, { maxBatch }), /Batcher: expected maxBatch to be a positive integer, got /)
  t.throws(() => new Batcher(run, { maxQueue: 0 }), /expected maxQueue to be a positive integer, got 0/)
  for (const maxWaitMs of [-1, NaN, Infinity, '1' as never])
    t.throws(() => new Batcher(run, { maxWaitMs }), /expected maxWaitMs to be a number ≥ 0, got /)
  t.end()
})
