import { writeFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { FormatError, vision } from 'convcore'
import { fixture } from '../fixture.js'
import { mutations } from '../mutations.js'

interface Planes {
  shape: number[]
  data: string
}
type File = { file: string } & Partial<Record<vision.ImageMode, Planes>>

const { decodeImage, readImage, readImages } = vision
const files = await fixture<Record<string, File>>('images')
const bytesOf = (name: string) => Buffer.from(files[name]!.file, 'base64')
const rgba = 'rgba.png'

function farthest(got: ArrayLike<number>, expected: Uint8Array): number {
  let most = 0
  for (let i = 0; i < expected.length; i++) most = Math.max(most, Math.abs(got[i]! - expected[i]!))
  return most
}

for (const [name, modes] of Object.entries(files))
  t.test(`${name} is what Pillow reads`, async (t) => {
    for (const [mode, planes] of Object.entries(modes)) {
      if (typeof planes === 'string') continue
      const image = await decodeImage(bytesOf(name), { mode: mode as vision.ImageMode })
      t.same(image.shape, planes.shape, mode)
      t.equal(image.dtype, 'uint8')
      // Colours as they are; grey, CMYK and 16 bits may be rounded otherwise.
      const allowed = mode.startsWith('gray') || ['cmyk.jpg', 'gray16.png'].includes(name) ? 1 : 0
      t.ok(farthest(await image.data(), Buffer.from(planes.data, 'base64')) <= allowed, mode)
    }
  })

t.test('the EXIF orientation is followed when asked for', async (t) => {
  const lying = await decodeImage(bytesOf('turned.jpg'))
  const upright = await decodeImage(bytesOf('turned.jpg'), { applyExifOrientation: true })
  t.same(lying.shape, [3, 11, 14])
  t.same(upright.shape, [3, 14, 11])
  const [before, after] = [await lying.data(), await upright.data()]
  // What was at the bottom of the first column is at the left of the first row.
  t.equal(after[0], before[10 * 14])
})

t.test('16 bits become 8', async (t) => {
  const image = await decodeImage(bytesOf('gray16.png'))
  t.same(image.shape, [1, 11, 14])
  t.equal((await image.data())[1], 4000 >> 8)
})

t.test('what is no image is an error that names the file', async (t) => {
  const folder = t.testdir({
    'empty.png': '',
    'text.jpg': 'not an image',
    'drawing.svg': '<svg xmlns="http://www.w3.org/2000/svg" width="2" height="2"/>',
  })
  const whole = bytesOf('rgb.png')
  writeFileSync(join(folder, 'half.png'), whole.subarray(0, whole.length / 2))
  for (const name of ['empty.png', 'text.jpg', 'drawing.svg', 'half.png']) {
    const path = join(folder, name)
    await t.rejects(readImage(path), FormatError, name)
    const error = await readImage(path).catch((error: unknown) => error)
    t.ok((error as Error).message.startsWith(`${path}: expected an image`), name)
  }
  await t.rejects(readImage(join(folder, 'absent.png')), { code: 'ENOENT' })
})

t.test('more pixels than allowed are refused before they are decoded', async (t) => {
  await t.rejects(decodeImage(bytesOf(rgba), { limitInputPixels: 11 * 14 - 1, name: 'big.png' }), {
    name: 'FormatError',
    message: /^big\.png: .*pixel limit/,
  })
  t.ok(await decodeImage(bytesOf(rgba), { limitInputPixels: 11 * 14 }))
})

t.test('options that are none are refused', async (t) => {
  const bytes = bytesOf(rgba)
  await t.rejects(decodeImage(bytes, { mode: 'RGB' as never }), {
    name: 'RangeError',
    message: /expected mode to be one of unchanged/,
  })
  await t.rejects(decodeImage(bytes, { limitInputPixels: 0 }), RangeError)
  await t.rejects(decodeImage(bytes, { applyExifOrientation: 1 as never }), TypeError)
  await t.rejects(decodeImage('path.png' as never), TypeError)
  await t.rejects(readImages([], { onError: 'ignore' as never }), RangeError)
  await t.rejects(readImages([], { concurrency: 0 }), RangeError)
})

t.test('many files are read in order, and damaged ones thrown or skipped', async (t) => {
  const folder = t.testdir({ 'b.png': '' })
  const paths = ['a.png', 'b.png', 'c.png', 'd.png'].map((name) => join(folder, name))
  const [a, b, c, d] = paths as [string, string, string, string]
  writeFileSync(a, bytesOf('rgb.png'))
  writeFileSync(c, bytesOf('grayAlpha.png'))
  const { images, paths: read, skipped } = await readImages(paths, { onError: 'skip', concurrency: 2 })
  t.same(read, [a, c])
  t.same(
    images.map((image) => image.shape),
    [
      [3, 11, 14],
      [2, 11, 14],
    ],
  )
  t.same(
    skipped.map(({ path }) => path),
    [b, d],
  )
  t.match(skipped[0]!.error, { name: 'FormatError', message: `${b}: expected an image, got an empty file` })
  await t.rejects(readImages(paths), { name: 'FormatError' })
  t.same(await readImages([]), { images: [], paths: [], skipped: [] })
})

t.test('10,000 damaged files are read or refused', async (t) => {
  const names = ['rgb.jpg', 'palette.png', 'rgb.webp', 'palette.gif']
  const copies = names.flatMap((name, seed) => [...mutations(bytesOf(name), 2500, seed)])
  let next = 0
  let refused = 0
  const work = async () => {
    for (let bytes = copies[next++]; bytes; bytes = copies[next++])
      await decodeImage(bytes, { limitInputPixels: 2 ** 20 }).then(
        (image) => image.dispose(),
        (error: unknown) => {
          if (!(error instanceof FormatError)) throw error
          refused++
        },
      )
  }
  await Promise.all(Array.from({ length: 8 }, work))
  t.ok(refused > 1000 && refused < 10_000, `${refused} refused`)
})

t.test('without sharp, the error says what to install', (t) => {
  const hook = `export async function resolve(name, context, next) {
    if (name === 'sharp') throw Object.assign(new Error('no sharp'), { code: 'ERR_MODULE_NOT_FOUND' })
    return next(name, context)
  }`
  const program = `
    import { register } from 'node:module'
    register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hook)}))
    const { vision } = await import('convcore')
    await vision.readImages(['x.png'], { onError: 'skip' }).catch(({ message, code }) => console.log(code, message))`
  const printed = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })
  t.match(
    printed,
    /^ERR_MODULE_NOT_FOUND vision: images need the package sharp, which is not installed: run `npm install sharp`/,
  )
  t.end()
})
