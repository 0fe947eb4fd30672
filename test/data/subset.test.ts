import t from 'tap'
import { data, Generator, tensor } from 'convcore'

const { ConcatDataset, DataLoader, randomSplit, Subset, TensorDataset } = data

/** Sample i is the number first + i. */
const numbers = (length: number, first = 0) => ({ length, get: (i: number) => first + i })

const all = <T>(set: data.Dataset<T>) => Promise.all(Array.from({ length: set.length }, (_, i) => set.get(i)))

t.test('a subset has the chosen samples in the given order', async (t) => {
  const subset = new Subset(numbers(10, 100), [7, 2, 2])
  t.equal(subset.length, 3)
  t.same(await all(subset), [107, 102, 102])
  t.throws(() => subset.get(3), { name: 'RangeError', message: /index from 0 to 2, got 3/ })
  t.throws(() => new Subset(numbers(3), [0, 3]), { message: "Subset: expected a sample's index from 0 to 2, got 3" })
})

t.test('a subset makes batches as its dataset does', async (t) => {
  const rows = new TensorDataset(tensor([10, 11, 12, 13, 14]))
  const subset = new Subset(new Subset(rows, [4, 3, 2, 1]), [0, 2])
  for await (const [x] of new DataLoader(subset, { batchSize: 2 })) t.same([...(await x.data())], [14, 12])
})

t.test('datasets stand one after the other', async (t) => {
  const joined = new ConcatDataset([numbers(2), numbers(0), numbers(3, 50)])
  t.equal(joined.length, 5)
  t.same(await all(joined), [0, 1, 50, 51, 52])
  t.throws(() => joined.get(5), { message: /index from 0 to 4, got 5/ })
  t.throws(() => new ConcatDataset([]), { message: 'ConcatDataset: expected at least one dataset, got none' })
})

t.test('a random split shares out every sample once', async (t) => {
  for (const [parts, lengths] of [
    [
      [7, 3],
      [7, 3],
    ],
    [
      [0.7, 0.3],
      [7, 3],
    ],
    [
      [0.33, 0.33, 0.34],
      [4, 3, 3],
    ],
    [[1], [10]],
    [
      [10, 0],
      [10, 0],
    ],
  ] as const) {
    const subsets = randomSplit(numbers(10), parts, { generator: new Generator(1) })
    t.same(
      subsets.map((subset) => subset.length),
      lengths,
    )
    const seen = (await Promise.all(subsets.map(all))).flat()
    t.same(
      seen.toSorted((a, b) => a - b),
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    )
    t.notSame(seen, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  }
})

t.test('one seed, one split', async (t) => {
  const split = async (seed: number) =>
    Promise.all(randomSplit(numbers(10), [0.5, 0.5], { generator: new Generator(seed) }).map(all))
  t.same(await split(1), await split(1))
  t.notSame(await split(1), await split(2))
})

t.test('parts that do not add up are refused', (t) => {
  for (const parts of [[7, 4], [0.5, 0.4], [11, -1], [], [5.5, 4.5]])
    t.throws(() => randomSplit(numbers(10), parts), {
      name: 'RangeError',
      message: `randomSplit: expected lengths that add up to 10, or fractions that add up to 1, got [${parts.join(', ')}]`,
    })
  t.end()
})
