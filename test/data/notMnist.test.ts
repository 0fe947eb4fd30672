import { existsSync, readdirSync, renameSync, statSync, truncateSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import t, { type Test } from 'tap'
import { data, full, manualSeed, vision } from 'convcore'
import { letterArchive } from '../sets.js'

const { CONVCORE_DATA } = process.env
const archive = CONVCORE_DATA && join(CONVCORE_DATA, 'notmnist', 'notMNIST_small.tar.gz')
const skip = archive && existsSync(archive) ? false : 'CONVCORE_DATA names no folder with notmnist/'
const letters = 'A B C D E F G H I J'.split(' ')

/** A small archive: for each letter, pictures of its number and of that plus 100; one is empty. */
async function root(t: Test, classes = letters): Promise<string> {
  const root = t.testdir({})
  await letterArchive(root, classes, (i) => [i, 100 + i])
  return root
}

t.test(
  'letters come class by class, what cannot be read is named, and the next time they come from the cache',
  async (t) => {
    const folder = await root(t)
    const warnings: string[] = []
    process.on('warning', ({ message }) => warnings.push(message))
    const first = await data.notMnist({ root: folder })
    t.same(
      first.map(({ name }) => name),
      letters,
    )
    t.same(
      first.map(({ images }) => images.shape),
      new Array(10).fill([2, 1, 28, 28]),
    )
    const values = await first[3]!.images.data()
    t.same(
      [values[0], values[784]],
      [Math.fround((103 - 127.5) / 255), Math.fround((3 - 127.5) / 255)],
      'by name: 103, 3',
    )
    t.match(first[0]!.skipped, [{ path: /A\/broken\.png$/, reason: /empty file/ }])
    t.match(warnings, [/1 of its files cannot be read and are left out: .*broken\.png/])
    t.ok(first.every(({ cached }) => !cached))
    const second = await data.notMnist({ root: folder })
    t.ok(second.every(({ cached }) => cached))
    t.same(second[0]!.skipped, first[0]!.skipped)
    t.same(await second[3]!.images.data(), values)
  },
)

t.test('a cache that is cut off, or of other files, is made again', async (t) => {
  const folder = await root(t)
  await data.notMnist({ root: folder })
  const cache = join(folder, 'notMNIST_small.cache')
  t.equal(readdirSync(cache).length, 10)
  const { size } = statSync(join(cache, 'B.safetensors'))
  truncateSync(join(cache, 'B.safetensors'), size - 100)
  await vision.writeImage(join(folder, 'notMNIST_small', 'C', 'new.png'), full([1, 28, 28], 1, { dtype: 'uint8' }))
  const again = await data.notMnist({ root: folder })
  t.same(
    again.filter(({ cached }) => !cached).map(({ name }) => name),
    ['B', 'C'],
  )
  t.equal(again[2]!.images.shape[0], 3)
  t.equal(statSync(join(cache, 'B.safetensors')).size, size)
})

t.test('other sizes, other numbers of classes and empty classes are errors', async (t) => {
  const nine = await root(t, letters.slice(0, 9))
  await t.rejects(data.notMnist({ root: nine }), {
    code: 'ERR_FORMAT',
    message: /expected 10 folders, one per class, got 9/,
  })
  const loose = join(nine, 'notMNIST_small')
  await t.rejects(data.loadClasses(loose, { size: [28, 27] }), {
    code: 'ERR_SHAPE',
    message: /28×27 pixels, got 28×28/,
  })
  await mkdir(join(loose, 'Z'))
  await t.rejects(data.loadClasses(loose, { size: [28] as never }), {
    name: 'RangeError',
    message: /loadClasses: expected size to be/,
  })
  await t.rejects(data.loadClasses(loose, { size: [28, 28] }), {
    code: 'ERR_FORMAT',
    message: /Z: expected images, got none/,
  })
  await t.rejects(data.notMnist({ root: nine, size: 'huge' as 'large' }), { name: 'RangeError' })
})

t.test('without the archive and the network, the error says what to do', async (t) => {
  const folder = t.testdir({})
  t.intercept(process, 'env', { value: { ...process.env, CONVCORE_DATA: folder, CONVCORE_OFFLINE: '1' } })
  await t.rejects(data.notMnist({ root: folder }), {
    code: 'ERR_DOWNLOAD',
    message: /commondatastorage\.googleapis\.com.*put the file at .*notMNIST_small\.tar\.gz by hand/s,
  })
})

t.test('classes are merged in equal shares, without overlap, and saved', async (t) => {
  const folder = await root(t)
  const classes = await data.notMnist({ root: folder })
  const merge = () => (manualSeed(4), data.mergeClasses(classes, { train: 10, test: 10 }))
  const { train, test } = merge()
  for (const split of [train, test])
    t.same(
      [...(await data.classCounts(split))],
      letters.map((name) => [name, 1]),
    )
  const pixel = async (set: data.LabelledImages) => {
    const [images, labels] = [await set.tensors[0].data(), await set.tensors[1].data()]
    return Array.from(labels, (label, i) => [label, Math.round(images[784 * i]! * 255 + 127.5)])
  }
  const [a, b] = [await pixel(train), await pixel(test)]
  for (const [label, value] of [...a, ...b]) t.equal(value! % 100, label, 'images keep their labels')
  t.equal(new Set([...a, ...b].map(String)).size, 20, 'every image comes once')
  t.notSame(
    a.map(([label]) => label),
    letters.keys(),
    'in random order',
  )
  t.same(await pixel(merge().train), a)
  const file = join(folder, 'splits.safetensors')
  await data.saveSplits(file, { train, test })
  const loaded = await data.loadSplits(file)
  t.same(Object.keys(loaded).sort(), ['test', 'train'])
  t.same([await pixel(loaded.train!), await pixel(loaded.test!)], [a, b])
  t.same(loaded.train!.classes, letters)
  for await (const [x, y] of new data.DataLoader(loaded.train!, { batchSize: 5 }))
    t.same([x.shape, y.shape], [[5, 1, 28, 28], [5]])
  t.throws(() => data.mergeClasses(classes, { train: 20, test: 10 }), {
    name: 'RangeError',
    message: 'mergeClasses: expected at most 20 images, as many as class A has (2) from each of 10 classes, got 30',
  })
  t.throws(() => data.mergeClasses(classes, { train: 15 }), {
    name: 'RangeError',
    message: /train to be a multiple of 10.*got 15/,
  })
  truncateSync(file, 500)
  await t.rejects(data.loadSplits(file), { code: 'ERR_FORMAT' })
})

t.test('two classes of the real letters have one broken file each', { skip }, async (t) => {
  const root = t.testdir({ two: {} })
  await data.extractArchive(archive!, join(root, 'all'), { strip: 1 })
  const counts = letters.map((name) => readdirSync(join(root, 'all', name)).length)
  t.same(counts, [1873, 1873, 1873, 1873, 1873, 1873, 1872, 1872, 1872, 1872])
  for (const name of ['A', 'F']) renameSync(join(root, 'all', name), join(root, 'two', name))
  const classes = await data.loadClasses(join(root, 'two'), { size: [28, 28] })
  t.same(
    classes.map(({ images }) => images.shape),
    new Array(2).fill([1872, 1, 28, 28]),
  )
  t.same(
    classes.flatMap(({ skipped }) => skipped.map(({ path }) => basename(path))),
    ['RGVtb2NyYXRpY2FCb2xkT2xkc3R5bGUgQm9sZC50dGY=.png', 'Q3Jvc3NvdmVyIEJvbGRPYmxpcXVlLnR0Zg==.png'],
  )
})
