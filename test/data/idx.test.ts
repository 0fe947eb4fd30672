import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { data } from 'convcore'
import { quickFolder, survives } from '../mutations.js'
import { idx } from '../sets.js'

const { parseIdx, readIdx } = data

t.test('every element type is read, big-endian', async (t) => {
  t.same(parseIdx(idx(0x08, [2, 2], [0, 1, 254, 255])), { shape: [2, 2], data: Uint8Array.of(0, 1, 254, 255) })
  t.same(parseIdx(idx(0x09, [2], [1, 255])).data, Int8Array.of(1, -1))
  t.same(parseIdx(idx(0x0b, [2], [1, 2, 255, 254])).data, Int16Array.of(258, -2))
  t.same(parseIdx(idx(0x0c, [1], [1, 2, 3, 4])).data, Int32Array.of(0x01020304))
  t.same(parseIdx(idx(0x0d, [1], [0x3f, 0xc0, 0, 0])).data, Float32Array.of(1.5))
  t.same(parseIdx(idx(0x0e, [1], [0xc0, 0x04, 0, 0, 0, 0, 0, 0])).data, Float64Array.of(-2.5))
})

t.test('a scalar and empty dimensions are read', async (t) => {
  t.same(parseIdx(idx(0x08, [], [7])), { shape: [], data: Uint8Array.of(7) })
  t.same(parseIdx(idx(0x0c, [0, 28, 28], [])), { shape: [0, 28, 28], data: new Int32Array(0) })
})

t.test('bytes at an odd address are read, and left as they were', async (t) => {
  const bytes = new Uint8Array(13)
  bytes.set(idx(0x0c, [1], [0, 0, 0, 5]), 1)
  const before = Uint8Array.from(bytes)
  t.same(parseIdx(bytes.subarray(1)).data, Int32Array.of(5))
  t.same(bytes, before)
})

t.test('files are read plain or compressed, whatever their name', async (t) => {
  const bytes = idx(0x08, [3], [1, 2, 3])
  const folder = t.testdir({})
  writeFileSync(join(folder, 'plain.gz'), bytes)
  writeFileSync(join(folder, 'compressed'), gzipSync(bytes))
  for (const name of ['plain.gz', 'compressed']) {
    t.same((await readIdx(join(folder, name))).data, Uint8Array.of(1, 2, 3), name)
  }
})

t.test('damaged files are refused with what was expected and what was found', async (t) => {
  const refused = (bytes: Uint8Array, message: RegExp) => {
    t.throws(() => parseIdx(bytes, 'x.idx'), { code: 'ERR_FORMAT', message })
  }
  refused(new Uint8Array(0), /x\.idx: expected an IDX header of at least 4 bytes, got 0/)
  refused(Buffer.from('<html></html>'), /magic 0x0000TTRR, got 0x3c68746d/)
  refused(idx(0x0a, [1], [1]), /element type .* got 0x0a/)
  refused(idx(0x08, [2, 2], [1, 2, 3]), /expected 4 bytes of elements for shape \[2, 2\], got 3/)
  refused(idx(0x08, [2, 2], [1, 2, 3, 4, 5]), /expected 4 bytes .* got 5/)
  refused(idx(0x0c, [1, 1], []).subarray(0, 8), /expected 12 bytes of header for 2 dimensions, got 8/)
  refused(
    idx(0x0e, [2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1], [1]),
    /for shape \[4294967295, 4294967295, 4294967295\], got 1/,
  )
})

t.test('broken or bombing gzip is refused', async (t) => {
  const compressed = gzipSync(idx(0x08, [100_000], new Uint8Array(100_000)))
  const folder = t.testdir({})
  writeFileSync(join(folder, 'cut.gz'), compressed.subarray(0, 60))
  writeFileSync(join(folder, 'bomb.gz'), compressed)
  await t.rejects(readIdx(join(folder, 'cut.gz')), { code: 'ERR_FORMAT', message: /cut\.gz: expected gzip data/ })
  await t.rejects(readIdx(join(folder, 'bomb.gz'), 1000), {
    code: 'ERR_FORMAT',
    message: /at most 1000 bytes unpacked, got more/,
  })
  await t.rejects(readIdx(join(folder, 'absent')), { code: 'ENOENT' })
})

t.test('10,000 damaged files of each width are read or refused', async (t) => {
  for (const bytes of [idx(0x08, [2, 3], [1, 2, 3, 4, 5, 6]), idx(0x0e, [2], new Uint8Array(16))]) {
    const { refused, strange } = await survives(bytes, (damaged) => Promise.resolve(parseIdx(damaged)))
    t.same(strange, [])
    t.ok(refused > 3000 && refused < 10_000, `${refused} were refused`)
  }
})

t.test('10,000 damaged compressed files are read or refused', async (t) => {
  const folder = quickFolder(t)
  const { refused, strange } = await survives(gzipSync(idx(0x08, [2, 3], [1, 2, 3, 4, 5, 6])), (damaged, worker) => {
    const path = join(folder, `${worker}.gz`)
    writeFileSync(path, damaged)
    return readIdx(path, 1000)
  })
  t.same(strange, [])
  t.ok(refused > 3000 && refused < 10_000, `${refused} were refused`)
})
