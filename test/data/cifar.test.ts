import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { create } from 'tar'
import { data } from 'convcore'
import { quickFolder, survives } from '../mutations.js'
import { cifarRecords as records } from '../sets.js'

const { CONVCORE_DATA } = process.env
const skip =
  CONVCORE_DATA && existsSync(join(CONVCORE_DATA, 'cifar10')) ? false : 'CONVCORE_DATA names no folder with cifar10/'

function hide(t: Test): void {
  const folder = t.testdirName
  t.intercept(process, 'env', {
    value: { ...process.env, CONVCORE_DATA: folder, CONVCORE_CACHE: join(folder, 'cache'), CONVCORE_OFFLINE: '1' },
  })
}

t.test('records become colour images and labels, normalised per channel', async (t) => {
  const root = t.testdir({})
  writeFileSync(join(root, 'test_batch_first1000.bin.gz'), gzipSync(records([[3], [9]])))
  const normalize = { mean: [0, 10 / 255, 0], std: [1, 0.5, 2] }
  const set = await data.cifar10({ root, split: 'test', partial: true, normalize })
  t.same(set.images.shape, [2, 3, 32, 32])
  t.same(await set.labels.data(), Int32Array.of(3, 9))
  t.equal(set.classes[9], 'truck')
  const [x] = set.batch(Int32Array.of(1))
  const values = await x.data()
  for (const [channel, expected] of [1 / 255, (1 / 255) * 2, 21 / 255 / 2].entries())
    t.ok(Math.abs(values[channel * 1024]! - expected) < 1e-6, `channel ${channel}`)
  t.same((await data.classCounts(set)).get('truck'), 1)
})

t.test('CIFAR-100 has fine and coarse labels', async (t) => {
  const root = t.testdir({})
  writeFileSync(join(root, 'test.bin'), records([[19, 99], [0, 1]])) // prettier-ignore
  const options = { root, split: 'test', partial: true } as const
  const fine = await data.cifar100(options)
  t.same(await fine.labels.data(), Int32Array.of(99, 1))
  t.equal(fine.classes.length, 100)
  t.equal(fine.classes[99], 'worm')
  const coarse = await data.cifar100({ ...options, labels: 'coarse' })
  t.same(await coarse.labels.data(), Int32Array.of(19, 0))
  t.equal(coarse.classes[19], 'vehicles_2')
  await t.rejects(data.cifar100({ ...options, labels: 'both' as 'fine' }), {
    name: 'RangeError',
    message: /'fine' or 'coarse'/,
  })
})

t.test('the archive is unpacked where it lies', async (t) => {
  const root = t.testdir({ 'cifar-100-binary': {} })
  writeFileSync(
    join(root, 'cifar-100-binary', 'test.bin'),
    randomBytes(3074 * 10_000).map((byte, i) => (i % 3074 < 2 ? 7 : byte)), // what compresses well looks like a bomb
  )
  await create({ cwd: root, file: join(root, 'cifar-100-binary.tar.gz'), gzip: true }, ['cifar-100-binary'])
  rmSync(join(root, 'cifar-100-binary'), { recursive: true })
  const set = await data.cifar100({ root, split: 'test' })
  t.equal(set.length, 10_000)
})

t.test('what is missing, short or damaged is named', async (t) => {
  const root = t.testdir({})
  hide(t)
  const of = (options = {}) => data.cifar10({ root, split: 'train', ...options })
  await t.rejects(of(), { code: 'ERR_DOWNLOAD', message: /www\.cs\.toronto\.edu.*by hand\n`partial: true`/s })
  await t.rejects(of({ download: false }), { message: /cifar-10-binary\.tar\.gz not found in/ })
  await t.rejects(of({ split: 'validation' }), { name: 'RangeError', message: /'train' or 'test', got "validation"/ })
  const file = join(root, 'data_batch_2.bin')
  writeFileSync(file, records([[1]]).subarray(1))
  await t.rejects(of({ partial: true }), {
    code: 'ERR_FORMAT',
    message: /expected up to 10000 records of 3073 bytes, got 3072/,
  })
  writeFileSync(file, records([[10]]))
  await t.rejects(of({ partial: true }), { code: 'ERR_FORMAT', message: /expected labels from 0 to 9, got 10/ })
  const bomb = gzipSync(Buffer.alloc(3073 * 10_001))
  for (const i of [1, 2, 3, 4, 5]) writeFileSync(join(root, `data_batch_${i}.bin`), records([[1]]))
  await t.rejects(of(), { code: 'ERR_FORMAT', message: /expected 10000 records of 3073 bytes, got 3073 bytes/ })
  for (const i of [1, 2, 3, 4, 5]) writeFileSync(join(root, `data_batch_${i}.bin`), bomb)
  await t.rejects(of(), { code: 'ERR_FORMAT', message: /at most 30730000 bytes unpacked, got more/ })
})

t.test('10,000 damaged files are read or refused', async (t) => {
  const folder = quickFolder(t)
  const read = async (damaged: Uint8Array, worker: number) => {
    const root = join(folder, String(worker))
    mkdirSync(root, { recursive: true })
    writeFileSync(join(root, 'test.bin'), damaged)
    const set = await data.cifar100({ root, split: 'test', partial: true, download: false })
    set.dispose()
  }
  const whole = records([[19, 99]])
  for (const bytes of [whole, gzipSync(whole)]) {
    const { refused, strange } = await survives(bytes, read, 5000)
    t.same(strange, [])
    t.ok(refused > 1500 && refused < 5000, `${refused} were refused`)
  }
})

t.test('the real CIFAR-10 has its known counts', { skip }, async (t) => {
  const train = await data.cifar10({ split: 'train', partial: true })
  t.equal(train.length, 20_000)
  t.same([...(await data.classCounts(train)).values()], [1989, 1981, 2042, 2011, 2009, 1925, 2038, 2027, 2012, 1966])
  const test = await data.cifar10({ split: 'test', partial: true })
  t.same([...(await data.classCounts(test)).values()], [103, 89, 100, 103, 90, 86, 112, 102, 106, 109])
})
