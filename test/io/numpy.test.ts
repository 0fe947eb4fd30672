import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { zipSync } from 'fflate'
import t from 'tap'
import { io, tensor, type Tensor, zeros } from 'convcore'
import { fixtureFile } from '../fixture.js'
import { survives } from '../mutations.js'

const { loadNpy, loadNpz, saveNpy, saveNpz } = io
const file = (name: string) => fixtureFile(`io/${name}`)
const counting = [0, 1, 2, 3, 4, 5]

for (const name of ['arrays.npz', 'compressed.npz'])
  t.test(`arrays of every dtype, order and byte order in ${name}`, async (t) => {
    const { scalar, vector, empty, fortran, bool, zeros, ...arrays } = await loadNpz(file(name))
    t.equal(Object.keys(arrays).length, 18)
    for (const [name, x] of Object.entries(arrays)) {
      t.same(x.shape, [2, 3], name)
      t.same(Array.from(await x.data()), counting, name)
    }
    t.equal(arrays.float64!.dtype, 'float64')
    t.equal(arrays.float16!.dtype, 'float32')
    t.equal(arrays.big_i8!.dtype, 'int32')
    t.equal(arrays.uint8!.dtype, 'uint8')
    t.same(await bool!.data(), Uint8Array.of(1, 0, 1, 0, 1, 0))
    t.same([scalar!.shape, await scalar!.item()], [[], 2.5])
    t.same(await vector!.data(), Float64Array.of(0, 1, 2))
    t.same(empty!.shape, [0, 4])
    t.same(fortran!.shape, [2, 3, 4])
    t.same(Array.from(await fortran!.data()), [...Array(24).keys()])
    t.equal(zeros?.size ?? 100_000, 100_000)
  })

t.test('files of all versions are read, from a path or bytes', async (t) => {
  for (const version of [1, 2, 3]) {
    const path = file(`version${version}.npy`)
    for (const x of [await loadNpy(path), await loadNpy(readFileSync(path))]) {
      t.same(x.shape, [2, 3])
      t.same(await x.data(), Float32Array.from(counting))
    }
  }
})

t.test('what is saved comes back', async (t) => {
  const folder = t.testdir({})
  const arrays: Record<string, Tensor> = {
    single: tensor([[1.5, -2, Infinity]]),
    double: tensor(Float64Array.of(0.1)),
    int: tensor(Int32Array.of(-7, 8), { shape: [2, 1, 1] }),
    byte: tensor(Uint8Array.of(255)),
    scalar: tensor(3),
    none: zeros([3, 0]),
    'größe/x': tensor([1]),
  }
  await saveNpz(join(folder, 'a.npz'), arrays)
  await saveNpz(join(folder, 'b.npz'), arrays, { compressed: true })
  for (const name of ['a.npz', 'b.npz']) {
    const loaded = await loadNpz(join(folder, name))
    t.same(Object.keys(loaded), Object.keys(arrays))
    for (const [name, x] of Object.entries(arrays)) {
      t.same([loaded[name]!.shape, loaded[name]!.dtype], [x.shape, x.dtype], name)
      t.same(await loaded[name]!.data(), await x.data(), name)
    }
  }
  await saveNpy(join(folder, 'c.npy'), arrays.int!)
  t.same(await (await loadNpy(join(folder, 'c.npy'))).data(), Int32Array.of(-7, 8))
  const bytes = readFileSync(join(folder, 'c.npy'))
  t.equal(bytes.toString('latin1', 1, 6), 'NUMPY')
  t.equal(bytes.length, 128 + 8, 'elements begin at a multiple of 64')
  t.same(readdirSync(folder).toSorted(), ['a.npz', 'b.npz', 'c.npy'])
  await t.rejects(saveNpy(join(folder, 'c.npy'), 3 as never), { name: 'TypeError', message: /saveNpy: expected x/ })
  await t.rejects(saveNpz(join(folder, 'a.npz'), { x: [1] as never }), { name: 'TypeError', message: /saveNpz/ })
})

/** An .npy file of version 1.0 with this header and as many bytes. */
function npy(header: string, bytes = 0): Uint8Array {
  const head = Buffer.from('\x93NUMPY\x01\0\0\0', 'latin1')
  head.writeUInt16LE(header.length, 8)
  return Buffer.concat([head, Buffer.from(header, 'latin1'), Buffer.alloc(bytes)])
}
const described = (descr: string, shape: string) => `{'descr': ${descr}, 'fortran_order': False, 'shape': ${shape}, }`

t.test('headers as other programs write them are read', async (t) => {
  const headers = [described("'<f4'", '(2L, 3L)'), `{'shape':(2,3),'fortran_order':False,'descr':'f4'}  \n`]
  for (const header of headers) t.same((await loadNpy(npy(header, 24))).shape, [2, 3])
})

const malformed: [string, Uint8Array, RegExp][] = [
  ['nothing', Uint8Array.of(), /an \.npy file of version/],
  ['another magic', Buffer.alloc(64), /an \.npy file of version/],
  ['Python objects', readFileSync(file('objects.npy')), /got Python objects, which are never unpickled/],
  ['records', readFileSync(file('records.npy')), /got records/],
  ['complex numbers', readFileSync(file('complex.npy')), /got dtype '<c8'/],
  ['text', readFileSync(file('text.npy')), /got dtype '<U2'/],
  ['a header that is code', npy("__import__('os')"), /expected a header of descr/],
  ['a field twice', npy(described("'<f4'", '(1,)').replace('fortran_order', 'descr'), 4), /expected a header of descr/],
  ['a field of another kind', npy(described('True', '(1,)'), 4), /expected a header of descr/],
  ['a dtype of the prototype', npy(described("'toString'", '(1,)'), 4), /got dtype 'toString'/],
  ['too many dimensions', npy(described("'<f4'", `(${'1, '.repeat(9)})`), 4), /at most 8 dimensions/],
  ['sizes that overflow', npy(described("'<f4'", '(9999999999, 9999999999)')), /at most 8 dimensions/],
  ['too few elements', npy(described("'<f4'", '(9999999999,)')), /39999999996 bytes of elements.*, got 0/],
  ['too many elements', npy(described("'<f4'", '(1,)'), 5), /4 bytes of elements.*, got 5/],
  ['integers beyond int32', npy(described("'>u4'", '(1,)'), 3).map((b) => b), /4 bytes of elements/],
]
for (const [what, bytes, message] of malformed)
  t.test(`a file with ${what} is refused`, (t) =>
    t.rejects(loadNpy(bytes, { name: 'm' }), { name: 'FormatError', message }),
  )

t.test('what is neither a path nor bytes is refused', async (t) => {
  await t.rejects(loadNpy(undefined as never), {
    name: 'TypeError',
    message: /expected a path or bytes, got undefined/,
  })
  await t.rejects(io.loadPyTorch(5 as never), { name: 'TypeError', message: /expected a path or bytes, got 5/ })
})

t.test('integers that int32 does not hold are refused', (t) =>
  t.rejects(loadNpy(Buffer.concat([npy(described("'>u4'", '(1,)')), Buffer.from([255, 0, 0, 1])])), {
    name: 'FormatError',
    message: /U32 values that fit in int32, got 4278190081 at 0/,
  }),
)

t.test('bombs are refused before they are unpacked', async (t) => {
  const bomb = Buffer.concat([npy(described("'<f4'", '(1,)'), 4), Buffer.alloc(2 ** 24)])
  const zip = zipSync({ 'x.npy': bomb }, { level: 9 })
  t.ok(zip.length < 2 ** 15)
  await t.rejects(loadNpz(zip), { name: 'FormatError', message: /x\.npy: expected 4 bytes of elements/ })
  const several = Buffer.from(zipSync({ 'a.npy': npy(described("'<f4'", '(4,)'), 16), 'b.npy': npy('{}') }))
  several.writeUInt32LE(0, several.lastIndexOf('b.npy') - 4) // where a.npy lies
  await t.rejects(loadNpz(several), { name: 'FormatError', message: /expected files beside each other/ })
})

t.test('a zip file of something else is refused', async (t) => {
  await t.rejects(loadNpz(zipSync({ 'a.txt': Buffer.from('a') })), { message: /a\.txt: expected arrays alone/ })
  const damaged = Buffer.from(zipSync({ 'a.npy': npy(described("'<f4'", '(4,)'), 16) }, { level: 0 }))
  damaged[damaged.indexOf("'<f4'") + 60]! ^= 1
  await t.rejects(loadNpz(damaged), { name: 'FormatError', message: /bytes of the checksum/ })
})

t.test('damaged copies of an array are refused or read', async (t) => {
  const damaged = await survives(readFileSync(file('version1.npy')), async (bytes) => (await loadNpy(bytes)).dispose())
  t.same(damaged.strange, [])
  t.ok(damaged.refused > 1000, `${damaged.refused} were refused`)
})

for (const compressed of [false, true])
  t.test(`damaged copies of ${compressed ? 'deflated' : 'stored'} arrays are refused or read`, async (t) => {
    const path = join(t.testdir({}), 'x.npz')
    await saveNpz(path, { a: tensor([[1, 2, 3]]), b: tensor(Int32Array.of(5)) }, { compressed })
    const { refused, strange } = await survives(
      readFileSync(path),
      async (bytes) => {
        for (const x of Object.values(await loadNpz(bytes))) x.dispose()
      },
      compressed ? 2_000 : 10_000,
    )
    t.same(strange, [])
    t.ok(refused > 1000, `${refused} were refused`)
  })
