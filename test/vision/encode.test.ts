import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { DTypeError, ShapeError, tensor, vision, zeros } from 'convcore'

const { decodeImage, encodeImage, readImage, writeImage } = vision
/** A smooth picture, which JPEG keeps well. */
const picture = (channels: number) =>
  tensor(
    Uint8Array.from({ length: channels * 12 * 16 }, (_, i) => (i % 16) * 6 + (Math.floor(i / 16) % 12) * 5 + 40),
    { shape: [channels, 12, 16] },
  )

t.test('PNG keeps every pixel of 1 to 4 channels', async (t) => {
  for (const channels of [1, 2, 3, 4]) {
    const image = picture(channels)
    const again = await decodeImage(await encodeImage(image, 'png'))
    t.same(again.shape, image.shape)
    t.same(await again.data(), await image.data())
  }
})

t.test('JPEG and WebP come close, and files hold what was encoded', async (t) => {
  const folder = t.testdir({})
  for (const [name, channels] of [
    ['a.jpg', 3],
    ['b.jpeg', 1],
    ['c.webp', 3],
    ['d.webp', 4],
  ] as const) {
    const path = join(folder, 'new', name)
    const image = picture(channels)
    await writeImage(path, image, { quality: 95 })
    const again = await readImage(path)
    t.same(again.shape, image.shape, name)
    const [got, expected] = [await again.data(), await image.data()]
    t.ok(
      got.every((value, i) => Math.abs(value - expected[i]!) <= 6),
      name,
    )
  }
  t.same(readdirSync(join(folder, 'new')).length, 4)
})

t.test('lossless WebP and GIF of few colours keep every pixel', async (t) => {
  const image = picture(3)
  const webp = await decodeImage(await encodeImage(image, 'webp', { lossless: true }))
  t.same(await webp.data(), await image.data())
  const flat = tensor(
    Uint8Array.from({ length: 3 * 4 * 4 }, (_, i) => (i % 2 ? 255 : 0)),
    { shape: [3, 4, 4] },
  )
  const gif = await decodeImage(await encodeImage(flat, 'gif'), { mode: 'rgb' })
  t.same(await gif.data(), await flat.data())
})

t.test('quality and level are used', async (t) => {
  const image = picture(3)
  const sizes = [10, 75, 100].map(async (quality) => (await encodeImage(image, 'jpeg', { quality })).length)
  const [low, middle, high] = (await Promise.all(sizes)) as [number, number, number]
  t.ok(low < middle && middle < high)
  t.same(await encodeImage(image, 'jpeg'), await encodeImage(image, 'jpeg', { quality: 75 }))
  const stored = await encodeImage(image, 'png', { compressionLevel: 0 })
  t.ok(stored.length > (await encodeImage(image, 'png')).length)
})

t.test('what cannot be written is refused, and leaves no file', async (t) => {
  const folder = t.testdir({})
  const image = picture(3)
  await t.rejects(encodeImage(image.to('float32') as never, 'png'), DTypeError)
  await t.rejects(encodeImage(picture(4), 'jpeg'), ShapeError)
  await t.rejects(encodeImage(zeros([3, 0, 4], { dtype: 'uint8' }), 'png'), ShapeError)
  await t.rejects(encodeImage(zeros([4, 4], { dtype: 'uint8' }), 'png'), ShapeError)
  await t.rejects(encodeImage(image, 'bmp' as never), RangeError)
  await t.rejects(encodeImage(image, 'jpeg', { quality: 0 }), RangeError)
  await t.rejects(encodeImage(image, 'png', { compressionLevel: 10 }), RangeError)
  await t.rejects(writeImage(join(folder, 'picture'), image), {
    message: /writeImage: expected a path that ends in \.jpg/,
  })
  await t.rejects(writeImage(join(folder, 'picture.jpg'), picture(4)), ShapeError)
  t.notOk(existsSync(join(folder, 'picture.jpg')))
})
