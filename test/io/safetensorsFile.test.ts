import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { io, memory, tensor } from 'convcore'
import { quickFolder, survives } from '../mutations.js'
import { settle } from '../garbage.js'

const { deserialize, openSafetensors, saveSafetensors, serialize } = io
const saved = { 'a.weight': tensor([[1, 2, 3]]), b: tensor(Int32Array.of(7)), c: tensor(Float64Array.of(0.5, 1)) }

t.test('tensors of an open file are read one at a time', async (t) => {
  const path = join(t.testdir({}), 'model.safetensors')
  await saveSafetensors(path, saved, { epoch: '3' })
  await settle()
  const before = memory().tensors
  const file = await openSafetensors(path)
  t.same(file.keys().toSorted(), ['a.weight', 'b', 'c'])
  t.same(file.shapeOf('a.weight'), [1, 3])
  t.same(file.metadata, { epoch: '3' })
  t.equal(memory().tensors, before, 'nothing is read yet')
  const [c, again] = [await file.getTensor('c'), await file.getTensor('c')]
  t.same(await c.data(), Float64Array.of(0.5, 1))
  t.same(await again.data(), await c.data())
  t.throws(() => file.shapeOf('d'), { name: 'RangeError', message: /expected the name of a tensor, got "d"/ })
  await t.rejects(file.getTensor('toString'), { name: 'RangeError' })
  await file.close()
  await t.rejects(file.getTensor('c'), 'the file is closed')
})

t.test('a file that another program truncates is an error, not a crash', async (t) => {
  const path = join(t.testdir({}), 'model.safetensors')
  await saveSafetensors(path, saved)
  await using file = await openSafetensors(path)
  truncateSync(path, 100)
  await t.rejects(file.getTensor('b'), { name: 'FormatError', message: /expected 4 bytes at \d+, got 0/ })
})

t.test('a file that is none is refused and closed', async (t) => {
  const path = join(t.testdir({ m: 'no safetensors at all' }), 'm')
  await t.rejects(openSafetensors(path), { name: 'FormatError', message: /expected a header of at most 13 bytes/ })
})

t.test('damaged copies are refused or read', async (t) => {
  const { refused, strange } = await survives(await serialize(saved, { epoch: '3' }), (bytes) => {
    for (const x of Object.values(deserialize(bytes))) x.dispose()
    return Promise.resolve()
  })
  t.same(strange, [])
  t.ok(refused > 1000, `${refused} were refused`)
})

t.test('damaged copies of a file are refused or opened, and read tensor by tensor', async (t) => {
  const folder = quickFolder(t)
  const read = async (bytes: Uint8Array, worker: number) => {
    const path = join(folder, `${worker}.safetensors`)
    writeFileSync(path, bytes)
    await using file = await openSafetensors(path)
    for (const key of file.keys()) (await file.getTensor(key)).dispose()
  }
  const { refused, strange } = await survives(await serialize(saved, { epoch: '3' }), read)
  t.same(strange, [])
  t.ok(refused > 1000, `${refused} were refused`)
})
