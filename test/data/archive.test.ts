import { readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { create } from 'tar'
import { data } from 'convcore'
import { entry, tarred, text, zipped } from './archives.js'

const { extractArchive } = data

/** Unpacks bytes in a fresh folder. */
async function unpack(t: Test, bytes: Uint8Array, options?: data.ExtractOptions): Promise<string> {
  const root = t.testdir({})
  await writeFile(join(root, 'archive'), bytes)
  const folder = join(root, 'folder')
  t.equal(await extractArchive(join(root, 'archive'), folder, options), true)
  return folder
}

async function refuses(t: Test, bytes: Uint8Array, message: RegExp, options?: data.ExtractOptions): Promise<void> {
  const root = t.testdir({})
  await writeFile(join(root, 'archive'), bytes)
  await t.rejects(extractArchive(join(root, 'archive'), join(root, 'folder'), options), { code: 'ERR_FORMAT', message })
  t.same(readdirSync(root), ['archive'], 'nothing is left')
}

t.test('tar files, compressed ones and zip files are unpacked alike', async (t) => {
  const source = t.testdir({ set: { a: { '1.txt': 'one', 'ü ü.txt': 'two' }, b: { deep: { '3.txt': 'three' } } } })
  const long = 'x'.repeat(120)
  writeFileSync(join(source, 'set', long), 'long')
  for (const gzip of [false, true])
    await create({ cwd: source, file: join(source, `archive${Number(gzip)}`), gzip }, ['set'])
  writeFileSync(
    join(source, 'archive2'),
    zipped({
      set: {
        a: { '1.txt': text('one'), 'ü ü.txt': text('two') },
        b: { deep: { '3.txt': [text('three'), { level: 0 }] } },
      },
      [`set/${long}`]: text('long'),
    }),
  )
  for (const i of [0, 1, 2]) {
    const folder = join(source, 'unpacked', String(i))
    t.equal(await extractArchive(join(source, `archive${i}`), folder, { strip: 1 }), true)
    t.same(readdirSync(folder).sort(), ['a', 'b', long])
    t.same(readdirSync(join(folder, 'a')).sort(), ['1.txt', 'ü ü.txt'])
    t.equal(readFileSync(join(folder, 'a', 'ü ü.txt'), 'utf8'), 'two')
    t.equal(readFileSync(join(folder, 'b', 'deep', '3.txt'), 'utf8'), 'three')
    t.equal(readFileSync(join(folder, long), 'utf8'), 'long')
  }
})

t.test('large files go through in pieces, and many small ones too', async (t) => {
  const large = Buffer.alloc(300_000, 'abcdefg')
  const many = Array.from({ length: 300 }, (_, i) => entry(`many/${i}`, 'x'.repeat(i)))
  const folder = await unpack(t, gzipSync(tarred(entry('large', large.toString()), ...many)))
  t.ok(large.equals(readFileSync(join(folder, 'large'))))
  t.equal(readdirSync(join(folder, 'many')).length, 300)
  t.equal(statSync(join(folder, 'many', '299')).size, 299)
  const zip = await unpack(t, zipped({ large, stored: [large, { level: 0 }] }))
  t.ok(large.equals(readFileSync(join(zip, 'large'))) && large.equals(readFileSync(join(zip, 'stored'))))
})

t.test('a folder that is there is left alone', async (t) => {
  const root = t.testdir({ folder: { mine: 'yes' } })
  t.equal(await extractArchive(join(root, 'no such file'), join(root, 'folder')), false)
  t.same(readdirSync(root), ['folder'])
  await t.rejects(extractArchive(join(root, 'no such file'), join(root, 'other')), { code: 'ENOENT' })
})

t.test('entries that lead out of the folder are refused', async (t) => {
  for (const path of ['../out', 'a/../../out', '/out', 'C:/out', 'a\\..\\out', '..']) {
    await refuses(t, tarred(entry('fine', 'x'), entry(path, 'y')), /expected entries within the folder, got/)
    await refuses(t, zipped({ fine: text('x'), [path]: text('y') }), /expected entries within the folder, got/)
  }
})

t.test('links and devices are refused', async (t) => {
  const types = {
    SymbolicLink: { linkpath: 'x' },
    Link: { linkpath: 'x' },
    CharacterDevice: {},
    BlockDevice: {},
    FIFO: {},
  }
  for (const [type, fields] of Object.entries(types))
    await refuses(t, tarred(entry('name', '', { type, ...fields })), new RegExp(`got "name" of type ${type}`))
  await refuses(t, tarred(entry('name', 'xy', { type: 'SparseFile' })), /entry of type SparseFile/)
  const link = zipped({ name: [text('/etc'), { attrs: 0o120777 * 2 ** 16 }] })
  await refuses(t, link, /expected files and folders, got "name" of type 0o120000/)
  const source = t.testdir({})
  symlinkSync('elsewhere', join(source, 'link'))
  await create({ cwd: source, file: join(source, 'real.tar') }, ['link'])
  await refuses(t, readFileSync(join(source, 'real.tar')), /of type SymbolicLink/)
})

t.test('what unpacks to too much is refused', async (t) => {
  const zeros = Buffer.alloc(2 ** 24 + 1)
  const bombs = [gzipSync(tarred(entry('zeros', zeros.toString('latin1')))), zipped({ zeros })]
  for (const bomb of bombs) {
    await refuses(t, bomb, /expected at most 16777216 bytes unpacked \(maxBytes, maxRatio\), got more/)
    await refuses(t, bomb, /expected at most 1000 bytes unpacked/, { maxBytes: 1000 })
    t.equal(statSync(join(await unpack(t, bomb, { maxRatio: 2000 }), 'zeros')).size, zeros.length)
  }
  await refuses(t, gzipSync(Buffer.alloc(2 ** 26)), /at most 16777216 bytes unpacked/)
  const two = [tarred(entry('a', 'x'), entry('b', 'y')), zipped({ a: text('x'), b: text('y') })]
  for (const bytes of two) await refuses(t, bytes, /expected at most 1 entries, got more/, { maxEntries: 1 })
})

t.test('what is damaged, cut off or no archive is refused', async (t) => {
  const tar = tarred(entry('a', 'x'.repeat(600)), entry('b', 'y'))
  await refuses(t, new Uint8Array(), /expected a (tar archive|mark)/)
  await refuses(t, text('hello '.repeat(200)), /expected a tar archive/)
  await refuses(t, tar.subarray(0, 700), /expected a tar archive/)
  await refuses(t, tar.subarray(0, 1536), /expected a mark at the end/)
  const gz = gzipSync(tar)
  await refuses(t, gz.subarray(0, gz.length - 12), /expected a tar archive/)
  const wrong = Buffer.from(gz)
  wrong[gz.length - 8]! ^= 1
  await refuses(t, wrong, /expected a tar archive, plain or gzip, got incorrect data check/)
  const zip = zipped({ a: text('x'.repeat(600)), b: [text('yyyy'), { level: 0 }] })
  await refuses(t, zip.subarray(0, zip.length - 30), /expected a zip file, got one without a directory/)
  const twice = Buffer.from(zip)
  twice[twice.lastIndexOf('b')] = 'a'.charCodeAt(0)
  await refuses(t, twice, /expected each name once, got a twice/)
  const flipped = Buffer.from(zip)
  flipped[flipped.indexOf('yyyy')] = 0
  await refuses(t, flipped, /expected checksum .* of "b", got/)
  await refuses(t, tarred(entry('a', 'x'), entry('a/b', 'y')), /expected entries that a folder can hold/)
})

t.test('it can be aborted, and options that are none are refused', async (t) => {
  const root = t.testdir({})
  writeFileSync(join(root, 'a.tar'), tarred(...Array.from({ length: 50 }, (_, i) => entry(`${i}`, 'x'))))
  const controller = new AbortController()
  const onEntry = (name: string) => name === '20' && controller.abort(new Error('enough'))
  await t.rejects(extractArchive(join(root, 'a.tar'), join(root, 'folder'), { onEntry, signal: controller.signal }), {
    message: 'enough',
  })
  t.same(readdirSync(root), ['a.tar'])
  const wrong = { strip: -1, maxBytes: 0, maxEntries: 1.5, maxRatio: NaN }
  for (const [name, value] of Object.entries(wrong))
    await t.rejects(extractArchive(join(root, 'a.tar'), join(root, 'folder'), { [name]: value }), {
      name: 'RangeError',
      message: new RegExp(`expected ${name} to be`),
    })
})
