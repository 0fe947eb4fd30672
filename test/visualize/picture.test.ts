import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import sharp from 'sharp'
import t from 'tap'
import { rand, tensor, visualize } from 'convcore'

const RED_BLUE = () => tensor(Uint8Array.of(255, 0, 0, 0, 0, 255), { shape: [3, 1, 2] })

/** The pixels of a file's bytes, with its size. */
async function decoded(bytes: Uint8Array) {
  const { data, info } = await sharp(bytes).removeAlpha().raw().toBuffer({ resolveWithObject: true })
  return { width: info.width, height: info.height, rgb: [...data] }
}

t.test('an image as PNG has its pixels, each as large as asked for', async (t) => {
  const picture = await visualize.image(RED_BLUE(), { scale: 2 })
  t.same([picture.width, picture.height], [4, 2])
  const row = [255, 0, 0, 255, 0, 0, 0, 0, 255, 0, 0, 255]
  t.same(await decoded(await picture.png()), { width: 4, height: 2, rgb: [...row, ...row] })
})

t.test('an image as SVG holds its pixels, and draws them', async (t) => {
  const picture = await visualize.image(RED_BLUE(), { scale: 3 })
  const svg = await picture.svg()
  t.match(svg, /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" width="6" height="3" .*href="data:image\/png;base64,/)
  const { width, height, rgb } = await decoded(Buffer.from(svg))
  t.same([width, height, rgb.slice(0, 3), rgb.slice(-3)], [6, 3, [255, 0, 0], [0, 0, 255]])
})

t.test('float pixels go from 0 to 1, grey ones are in one channel or none', async (t) => {
  const { pixels } = await visualize.image(tensor([[0, 0.5, 1, 2, -1, NaN]]))
  t.same([...pixels.rgb].filter((_, i) => i % 3 === 0), [0, 128, 255, 255, 0, 0]) // prettier-ignore
  t.same([...pixels.rgb].slice(3, 6), [128, 128, 128])
  t.same((await visualize.image(rand([1, 2, 5]))).pixels.width, 5)
  t.equal((await visualize.image(rand([1, 28, 28]))).width, 28 * 21, 'small images are magnified')
  t.equal((await visualize.image(rand([3, 4, 1000]))).width, 1000)
})

t.test('save writes what the path ends in, as a whole, and makes folders', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'convcore-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const picture = await visualize.image(RED_BLUE(), { scale: 1 })
  await picture.save(join(folder, 'deep', 'a.png'))
  await picture.save(join(folder, 'deep', 'b.SVG'))
  t.same((await readdir(join(folder, 'deep'))).sort(), ['a.png', 'b.SVG'])
  t.same((await decoded(await readFile(join(folder, 'deep', 'a.png')))).rgb, [255, 0, 0, 0, 0, 255])
  t.match(await readFile(join(folder, 'deep', 'b.SVG'), 'utf8'), /^<svg/)
  await t.rejects(picture.save(join(folder, 'a.jpg')), {
    name: 'RangeError',
    message: /save: expected a path ending in .png or .svg, got ".*a.jpg"/,
  })
})

t.test('in the terminal, two rows of pixels are a line of half blocks', async (t) => {
  const image = tensor(Uint8Array.of(255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255), { shape: [3, 2, 2] })
  const picture = await visualize.image(image)
  t.equal(picture.text({ colors: 24 }), '\x1b[38;2;255;0;0;48;2;0;0;255m▀\x1b[38;2;0;0;0;48;2;0;0;255m▀\x1b[0m\n')
  t.equal(picture.text({ colors: 8 }), '\x1b[38;5;196;48;5;21m▀\x1b[38;5;16;48;5;21m▀\x1b[0m\n')
  const ramp = await visualize.image(tensor([[0, 0.3, 0.6, 1]]))
  t.equal(ramp.text(), ' -+@\n', 'without colours, the denser the brighter')
})

t.test('a picture wider than the terminal is made smaller, by means', async (t) => {
  const picture = await visualize.image(tensor([[0, 1, 1, 1, 0, 0]]))
  t.equal(picture.text({ columns: 3 }), '+@\n')
  t.ok((await visualize.image(rand([1, 100, 300]))).text({ columns: 50 }).split('\n')[0]!.length <= 50)
})

t.test('print asks the stream what it can show', async (t) => {
  const picture = await visualize.image(tensor([[1, 1, 1, 1]]))
  const printed = (stream: Partial<NodeJS.WriteStream>): string => {
    const written = Object.assign(new PassThrough(), stream)
    picture.print(written)
    return (written.read() as Buffer).toString()
  }
  t.equal(printed({}), '@@@@\n', 'no terminal, no colours')
  const cell = '\x1b[38;2;255;255;255;48;2;255;255;255m▀'
  t.equal(printed({ isTTY: true, columns: 2, getColorDepth: () => 24 }), `${cell}${cell}\x1b[0m\n`)
  t.equal(printed({ isTTY: true, columns: 80, getColorDepth: () => 1 }), '@@@@\n', 'NO_COLOR is a depth of 1')
})

t.test('image explains misuse', async (t) => {
  await t.rejects(visualize.image(rand([2, 3, 4])), {
    name: 'ShapeError',
    message: 'image: expected an image [1 or 3, H, W] or [H, W], got [2, 3, 4]',
  })
  await t.rejects(visualize.image(rand([1, 3, 4, 4])), { name: 'ShapeError' })
  await t.rejects(visualize.image(rand([1, 0, 4])), { name: 'ShapeError' })
  await t.rejects(visualize.image([1] as never), { name: 'TypeError' })
  await t.rejects(visualize.image(rand([4, 4]), { scale: 0 }), {
    name: 'RangeError',
    message: /scale to be a positive/,
  })
})
