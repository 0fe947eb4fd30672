import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { data } from 'convcore'
import { idx } from '../sets.js'

const { fashionMnist, mnist } = data
const { CONVCORE_DATA } = process.env
const skip =
  CONVCORE_DATA && existsSync(join(CONVCORE_DATA, 'mnist')) ? false : 'CONVCORE_DATA names no folder with mnist/'

/** Two images of 2×2 pixels. */
const images = idx(8, [2, 2, 2], [0, 51, 102, 255, 1, 2, 3, 4])
const labels = (...values: number[]) => idx(8, [values.length], values)

/** A folder with the training files, one plain and one compressed. */
function folderOf(t: Test, imageBytes: Uint8Array, labelBytes: Uint8Array): string {
  const folder = t.testdir({})
  writeFileSync(join(folder, 'train-images-idx3-ubyte'), imageBytes)
  writeFileSync(join(folder, 'train-labels-idx1-ubyte.gz'), gzipSync(labelBytes))
  return folder
}

t.test('images come between 0 and 1, with their labels', async (t) => {
  const dataset = await mnist({ root: folderOf(t, images, labels(3, 9)), split: 'train' })
  t.equal(dataset.length, 2)
  t.equal(dataset.images.dtype, 'uint8')
  const [x, y] = dataset.batch(Int32Array.of(1, 0))
  t.same(x.shape, [2, 1, 2, 2])
  t.same(
    await x.data(),
    Float32Array.of(1, 2, 3, 4, 0, 51, 102, 255).map((pixel) => pixel / 255),
  )
  t.same(await y.data(), Int32Array.of(9, 3))
  const [image, label] = dataset.get(0)
  t.same(image.shape, [1, 2, 2])
  t.same(label.shape, [])
  t.equal(await label.item(), 3)
})

t.test('images are normalised when asked', async (t) => {
  const normalize = { mean: 0.2, std: 0.4 }
  const dataset = await mnist({ root: folderOf(t, images, labels(3, 9)), split: 'train', normalize })
  const [x] = dataset.batch(Int32Array.of(0))
  for (const [i, value] of [-0.5, 0, 0.5, 2].entries()) {
    t.ok(Math.abs((await x.data())[i]! - value) < 1e-6, `pixel ${i}`)
  }
})

t.test('a disposed dataset leaves its batches alive', async (t) => {
  const dataset = await mnist({ root: folderOf(t, images, labels(3, 9)), split: 'train' })
  const [x] = dataset.batch(Int32Array.of(0))
  dataset.dispose()
  t.equal((await x.data()).length, 4)
  t.throws(() => dataset.batch(Int32Array.of(0)), { code: 'ERR_DISPOSED' })
})

t.test('files that do not fit are refused by name', async (t) => {
  const refused = (imageBytes: Uint8Array, labelBytes: Uint8Array, message: RegExp) =>
    t.rejects(mnist({ root: folderOf(t, imageBytes, labelBytes), split: 'train' }), { code: 'ERR_FORMAT', message })
  await refused(images, labels(1), /train-labels-idx1-ubyte\.gz: expected 2 labels, got 1/)
  await refused(images, labels(1, 10), /expected labels from 0 to 9, got 10/)
  await refused(labels(1, 2), labels(1, 2), /expected bytes of rank 3, got Uint8Array of shape \[2\]/)
  await refused(images.subarray(0, 20), labels(1, 2), /train-images-idx3-ubyte: expected 8 bytes/)
})

t.test('what is not found and not to be downloaded is named, with where it was looked for', async (t) => {
  const root = t.testdir({})
  t.intercept(process, 'env', {
    value: { ...process.env, CONVCORE_DATA: join(root, 'data'), CONVCORE_CACHE: join(root, 'cache') },
  })
  await t.rejects(mnist({ root, split: 'test', download: false }), {
    message: `not found in ${root}, ${join(root, 'data', 'mnist')}, ${join(root, 'cache', 'mnist')}; it can be had from https:`,
  })
  await t.rejects(mnist({ root, split: 'validation' as 'test' }), { name: 'RangeError', message: /'train' or 'test'/ })
})

t.test('the real MNIST has its known counts and statistics', { skip }, async (t) => {
  const test = await mnist({ split: 'test', download: false })
  t.same(test.images.shape, [10_000, 1, 28, 28])
  t.same(countLabels(await test.labels.data()), [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009])
  const train = await mnist({ split: 'train', download: false })
  const pixels = await train.images.data()
  let sum = 0
  let squares = 0
  for (const pixel of pixels) {
    sum += pixel / 255
    squares += (pixel / 255) ** 2
  }
  const mean = sum / pixels.length
  t.equal(mean.toFixed(4), '0.1307')
  t.equal(Math.sqrt(squares / pixels.length - mean ** 2).toFixed(4), '0.3081')
})

t.test('Fashion-MNIST loads alike', { skip }, async (t) => {
  const dataset = await fashionMnist({ split: 'test', download: false })
  t.same(dataset.images.shape, [10_000, 1, 28, 28])
  t.same(countLabels(await dataset.labels.data()), new Array(10).fill(1000))
  t.equal(dataset.classes[9], 'Ankle boot')
})

function countLabels(labels: ArrayLike<number>): number[] {
  const counts = new Array<number>(10).fill(0)
  for (const label of Array.from(labels)) counts[label]!++
  return counts
}
