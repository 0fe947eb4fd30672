import { add, memory, ones, randn, scope, sync, tensor, zeros } from 'convcore'
import t from 'tap'
import { gpus, skip } from './cuda.js'

t.test('copies keep every bit: CPU → GPU → CPU, for each dtype', { skip }, async (t) => {
  for (const array of [
    Float32Array.of(0, -0, 1.5, NaN, Infinity, 1e-45),
    Float64Array.of(Math.PI, -0, 5e-324, NaN),
    Int32Array.of(-(2 ** 31), 2 ** 31 - 1, 0),
    Uint8Array.of(0, 255, 7),
    new Float32Array(0),
  ]) {
    const there = tensor(array).to('cuda')
    t.equal(there.device, 'cuda:0')
    t.ok(Buffer.from((await there.data()).buffer).equals(Buffer.from(array.buffer)), array.constructor.name)
    t.ok(Buffer.from(there.to('cpu').dataSync().buffer).equals(Buffer.from(array.buffer)), 'by way of the CPU')
  }
})

t.test('copies race with the reuse of their blocks, and win', { skip }, async (t) => {
  const size = 4099
  const wrong: number[] = []
  const reads: Promise<void>[] = []
  for (let i = 0; i < 60; i++)
    scope(() => {
      // Every block is given back at the end of the scope, while the copies may still wait in the queues.
      const here = zeros([size], { device: 'cpu' }).add(i)
      const there = here.to('cuda').add(1)
      here.dispose()
      const back = there.to('cpu').add(1)
      there.dispose()
      zeros([size], { device: 'cpu' }).sub(1)
      zeros([size], { device: 'cuda' }).sub(1)
      const read = async () => {
        if (!(await back.data()).every((v) => v === i + 2)) wrong.push(i)
      }
      reads.push(read())
    })
  await Promise.all(reads)
  t.same(wrong, [])
})

t.test('an array is free as soon as it was copied in', { skip }, async (t) => {
  const values = new Float32Array(1000).fill(3)
  const x = tensor(values, { device: 'cuda' })
  values.fill(4)
  const y = tensor(values, { device: 'cuda' })
  values.fill(5)
  t.ok((await add(x, y).data()).every((v) => v === 7))
})

t.test('GPUs copy between each other behind what is queued on both', { skip }, async (t) => {
  const [first, second] = gpus()
  if (!second) return t.pass('there is but one')
  for (let i = 0; i < 20; i++)
    await scope(() => {
      const x = ones([513], { device: first! }).mul(i)
      const there = x.to(second).add(1)
      x.dispose()
      ones([513], { device: first! }).mul(-1)
      return there.to(first!).mul(2)
    })
      .data()
      .then((values) => t.ok(values.every((v) => v === 2 * (i + 1))))
})

t.test('a failed op poisons what is copied from it to another device', { skip }, async (t) => {
  const { indexSelect } = await import('convcore')
  const broken = indexSelect(zeros([3, 2], { device: 'cuda' }), 0, tensor(Int32Array.of(7), { device: 'cuda' }))
  await t.rejects(broken.to('cpu').add(1).data(), { code: 'ERR_EXECUTION', message: /index_select.*\[0, 3\).*7/ })
  t.ok(
    (await ones([2], { device: 'cuda' }).data()).every((v) => v === 1),
    'others live on',
  )
})

t.test('memory is counted per device, and sync waits for one', { skip }, async (t) => {
  const before = [memory('cpu').live, memory('cuda').live]
  const x = zeros([1 << 16], { device: 'cuda' })
  t.equal(memory('cpu').live, before[0])
  t.ok(memory('cuda').live - before[1]! >= 4 << 16)
  x.dispose()
  t.equal(memory('cuda').live, before[1])
  await sync('cuda')
})

t.test('reading does not wait for what is enqueued later', { skip }, async (t) => {
  const x = randn([64], { device: 'cuda' })
  const early = x.data()
  const later = x.add(1).data()
  const [a, b] = await Promise.all([early, later])
  t.ok(a.every((v, i) => Math.fround(v + 1) === b[i]))
})
