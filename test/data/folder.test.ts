import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import t, { type Test } from 'tap'
import { data, full, type Tensor, vision } from 'convcore'

const { CONVCORE_DATA } = process.env
const skip =
  CONVCORE_DATA && existsSync(join(CONVCORE_DATA, 'hymenoptera'))
    ? false
    : 'CONVCORE_DATA names no folder with hymenoptera/'

/** Two classes of small pictures of one value, and what else lies about. */
async function folder(t: Test): Promise<string> {
  const root = t.testdir({ bees: { deep: {} }, ants: { 'notes.txt': 'none' }, 'read me': 'not a class' })
  const draw = (name: string, value: number) =>
    vision.writeImage(join(root, name), full([3, 4, 5], value, { dtype: 'uint8' }), { format: 'png' })
  await Promise.all([draw('bees/1.png', 1), draw('bees/deep/2.PNG', 2), draw('ants/b.png', 3), draw('ants/a.png', 4)])
  return root
}

t.test('a folder per class is a dataset, read as it is asked for', async (t) => {
  const root = await folder(t)
  const set = new data.ImageFolder(root)
  t.same(set.classes, ['ants', 'bees'])
  t.same(set.classToIdx, { ants: 0, bees: 1 })
  t.same(set.samples.map(([path, label]) => [basename(path), label]), [['a.png', 0], ['b.png', 0], ['1.png', 1], ['2.PNG', 1]]) // prettier-ignore
  t.same(
    set.ignored.map((path) => basename(path)),
    ['notes.txt'],
  )
  const [image, label] = await set.get(2)
  t.same([image.shape, image.dtype, label], [[3, 4, 5], 'uint8', 1])
  t.same(new Set(await image.data()), new Set([1]))
  t.same(await data.classCounts(new data.Subset(set, [0, 2, 3])), new Map([['ants', 1], ['bees', 2]])) // prettier-ignore
  await t.rejects(set.get(4), { name: 'RangeError', message: /from 0 to 3, got 4/ })
})

t.test('transforms make what samples are of', async (t) => {
  const transform = (image: Tensor) => image.to('float32').mean()
  const set = new data.ImageFolder(await folder(t), { transform, targetTransform: (label) => 10 * label })
  for (const numWorkers of [0]) {
    const loader = new data.DataLoader(set, { batchSize: 4, numWorkers })
    for await (const [x, y] of loader) t.same([[...(await x.data())], [...(await y.data())]], [[4, 3, 1, 2], [0, 0, 10, 10]]) // prettier-ignore
  }
  t.throws(() => new data.DataLoader(set, { numWorkers: 1 }), {
    name: 'TypeError',
    message: /an ImageFolder without functions, got one with transform/,
  })
})

t.test('it travels to workers by itself, broken files are thrown or left out', async (t) => {
  const root = await folder(t)
  writeFileSync(join(root, 'bees', '0.png'), '')
  const sums = async (options: data.ImageFolderOptions<Tensor, number>, numWorkers: number) => {
    const seen: number[] = []
    const loader = new data.DataLoader(new data.ImageFolder(root, options), { batchSize: 2, numWorkers })
    for await (const [x] of loader) for (const value of await x.to('float32').mean([1, 2, 3]).data()) seen.push(value)
    t.same([...loader.skipped.keys()], [2])
    return seen
  }
  t.same(await sums({ onError: 'skip' }, 0), [4, 3, 1, 2])
  t.same(await sums({ onError: 'skip' }, 2), [4, 3, 1, 2])
  for (const numWorkers of [0, 1])
    await t.rejects(sums({}, numWorkers), {
      message: /^DataLoader: sample 2: .*bees\/0\.png: expected an image, got an empty file/,
      cause: { code: 'ERR_FORMAT' },
    })
})

t.test('folders that are none are refused', async (t) => {
  const root = await folder(t)
  t.throws(() => new data.ImageFolder(join(root, 'bees', 'deep')), {
    code: 'ERR_FORMAT',
    message: /a folder per class, got none/,
  })
  t.throws(() => new data.ImageFolder(join(root, 'missing')), { code: 'ENOENT' })
  t.throws(() => new data.ImageFolder(root, { extensions: ['.gif'] }), {
    code: 'ERR_FORMAT',
    message: /ants to hold files that end in \.gif/,
  })
  t.throws(() => new data.ImageFolder(root, { onError: 'stop' as 'skip' }), { name: 'RangeError' })
  t.throws(() => data.findClasses(root, 10), {
    code: 'ERR_FORMAT',
    message: /expected 10 folders, one per class, got 2: ants, bees/,
  })
})

t.test('classes out of balance are warned of', async (t) => {
  const warnings: string[] = []
  process.on('warning', ({ message }) => warnings.push(message))
  t.equal(data.warnImbalance(new Map([['a', 10], ['b', 15]])), undefined) // prettier-ignore
  const warning = data.warnImbalance(new Map([['a', 10], ['b', 16], ['c', 12]])) // prettier-ignore
  t.match(warning, /b has 16 samples, a has 10/)
  await new Promise(setImmediate)
  t.same(warnings, [warning])
  t.throws(() => data.warnImbalance(new Map(), { ratio: 0.5 }), { name: 'RangeError' })
  await t.rejects(data.classCounts({ length: 1, get: () => 1 }), {
    name: 'DTypeError',
    message: /a dataset with targets\(\)/,
  })
})

t.test('the ants and bees are there, and the GIF among them is named', { skip }, async (t) => {
  const root = join(CONVCORE_DATA!, 'hymenoptera')
  const set = new data.ImageFolder(join(root, 'train'))
  t.same([...(await data.classCounts(set))], [['ants', 94], ['bees', 90]]) // prettier-ignore
  t.same(
    set.ignored.map((path) => basename(path)),
    ['imageNotFound.gif'],
  )
  t.equal(new data.ImageFolder(join(root, 'val')).length, 111)
  const mixed = t.testdir({ ants: {} })
  mkdirSync(join(mixed, 'bees'))
  copyFileSync(join(root, 'train', 'ants', 'imageNotFound.gif'), join(mixed, 'ants', 'it.gif'))
  writeFileSync(join(mixed, 'bees', 'no.gif'), 'GIF89a')
  const gifs = new data.ImageFolder(mixed, { extensions: ['.gif'], onError: 'skip' })
  t.equal((await gifs.get(0))[0].shape[0], 3, 'it is a picture, when asked for')
  await t.rejects(gifs.get(1), { name: 'SkipSample', message: /no\.gif/ })
})
