import { cuda, matmul, memory, ones, zeros } from 'convcore'
import t from 'tap'
import { gpus, skip } from './cuda.js'

t.test('a GPU tells what it is', { skip }, async (t) => {
  for (const device of gpus()) {
    const found = cuda.properties(device)
    t.match(found.name, /./)
    t.ok(found.totalMemory >= found.freeMemory && found.freeMemory > 0)
    t.ok(found.capability[0] >= 7 && found.processors > 0)
    t.match(`${found.driver} ${found.runtime}`, /^\d+\.\d+ \d+\.\d+$/)
    t.same(
      found.libraries.map((library) => library.name),
      ['cuBLAS', 'cuDNN'],
    )
    for (const { name, path, version, reason } of found.libraries) t.ok(reason ?? (path && version), name)
  }
  t.equal(cuda.unavailableReason(), undefined)
  t.throws(() => cuda.properties('cpu'), { name: 'DeviceError', message: /CUDA device, got "cpu"/ })
  const count = cuda.deviceCount()
  t.throws(() => zeros([1], { device: `cuda:${count}` }), {
    name: 'DeviceError',
    message: new RegExp(`from 'cuda:0' to 'cuda:${count - 1}'`),
  })
})

t.test("memory is each GPU's own", { skip }, async (t) => {
  const [first, second] = gpus()
  if (!second) return t.pass('there is but one')
  const before = gpus().map((device) => memory(device).live)
  const x = ones([1000], { device: second })
  t.equal(memory(first).live, before[0])
  t.ok(memory(second).live > before[1]!)
  x.dispose()
})

t.test('events time what a GPU does between them', { skip }, async (t) => {
  const [start, end] = [new cuda.Event(), new cuda.Event()]
  start.record()
  const x = ones([64, 64], { device: 'cuda' })
  matmul(x, x)
  end.record()
  const milliseconds = await start.elapsedTime(end)
  t.ok(milliseconds > 0 && milliseconds < 60_000, `${milliseconds} ms`)
})
