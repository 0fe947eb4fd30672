import t from 'tap'
import { data, Generator } from 'convcore'

const ten = { length: 10 }
const sorted = (indices: Iterable<number>) => [...indices].toSorted((a, b) => a - b)
const whole = Array.from({ length: 10 }, (_, i) => i)
const generator = () => new Generator(3)

t.test('a random sampler visits each sample once, or as many as asked for', (t) => {
  t.same(sorted(new data.RandomSampler(ten, { generator: generator() })), whole)
  const some = new data.RandomSampler(ten, { generator: generator(), numSamples: 4 })
  t.equal(some.length, 4)
  t.equal(new Set(some).size, 4)
  const more = [...new data.RandomSampler(ten, { generator: generator(), numSamples: 25 })]
  t.same(sorted(more.slice(0, 10)), whole)
  t.same(sorted(more.slice(10, 20)), whole)
  t.equal(new Set(more.slice(20)).size, 5)
  t.end()
})

t.test('with replacement samples come as chance has it', (t) => {
  const drawn = [...new data.RandomSampler(ten, { generator: generator(), replacement: true, numSamples: 10_000 })]
  for (const i of whole) {
    const count = drawn.filter((index) => index === i).length
    t.ok(Math.abs(count - 1000) < 120, `${count} of 10,000`)
  }
  t.end()
})

t.test('a weighted sampler draws in proportion to the weights', (t) => {
  const drawn = [...new data.WeightedRandomSampler([1, 0, 3, 0], 4000, { generator: generator() })]
  t.same(sorted(new Set(drawn)), [0, 2])
  const first = drawn.filter((index) => index === 0).length
  t.ok(Math.abs(first - 1000) < 120, `${first} of 4,000`)
  t.end()
})

t.test('a weighted sampler without replacement gives each sample once at most, heavy ones early', (t) => {
  const from = generator()
  const firsts = Array.from({ length: 400 }, () => {
    const sampler = new data.WeightedRandomSampler([1, 8, 0, 1], 3, { generator: from, replacement: false })
    const drawn = [...sampler]
    t.same(sorted(drawn), [0, 1, 3])
    return drawn[0]
  })
  const heavy = firsts.filter((index) => index === 1).length
  t.ok(Math.abs(heavy - 320) < 40, `${heavy} of 400`)
  t.end()
})

t.test('a batch sampler groups, and a loader takes it, or any batches of indices', async (t) => {
  const batches = new data.BatchSampler(new data.SequentialSampler(ten), 4)
  t.equal(batches.length, 3)
  t.same([...batches], [whole.slice(0, 4), whole.slice(4, 8), whole.slice(8)])
  t.equal([...new data.BatchSampler(batches.sampler, 4, { dropLast: true })].length, 2)
  const numbers = { length: 10, get: (i: number) => i }
  const seen: number[][] = []
  const batchSampler = [[9], [0, 1]]
  const loader = new data.DataLoader(numbers, { batchSampler })
  t.equal(loader.length, 2)
  for await (const batch of loader) seen.push([...(await batch.data())])
  t.same(seen, batchSampler)
})

t.test('one seed, one order', (t) => {
  const orders = (seed: number) => [
    [...new data.RandomSampler(ten, { generator: new Generator(seed), replacement: true })],
    [...new data.SubsetRandomSampler([4, 5, 6, 7], { generator: new Generator(seed) })],
    [...new data.WeightedRandomSampler([1, 2, 3], 9, { generator: new Generator(seed) })],
  ]
  t.same(orders(1), orders(1))
  t.notSame(orders(1), orders(2))
  t.end()
})

t.test('wrong options are refused', (t) => {
  t.throws(() => new data.RandomSampler(ten, { numSamples: -1 }), {
    name: 'RangeError',
    message: 'RandomSampler: expected numSamples to be an integer ≥ 0, got -1',
  })
  t.throws(() => [...new data.RandomSampler({ length: 0 }, { numSamples: 3 })], {
    message: 'RandomSampler: expected samples to draw 3 from, got none',
  })
  t.same([...new data.RandomSampler({ length: 0 })], [])
  t.throws(() => new data.WeightedRandomSampler([1, -2], 1), {
    message: 'WeightedRandomSampler: expected weights ≥ 0, got -2 for sample 1',
  })
  t.throws(() => new data.WeightedRandomSampler([1, NaN], 1), { name: 'RangeError', message: /got NaN for sample 1/ })
  t.throws(() => new data.WeightedRandomSampler([0, 0], 1), { message: /at least 1 weights > 0, got 0/ })
  t.throws(() => new data.WeightedRandomSampler([1, 0], 2, { replacement: false }), {
    message: 'WeightedRandomSampler: expected at least 2 weights > 0, got 1',
  })
  t.throws(() => new data.BatchSampler(new data.SequentialSampler(ten), 0), { message: /batchSize .* got 0/ })
  const numbers = { length: 10, get: (i: number) => i }
  t.throws(() => new data.DataLoader(numbers, { batchSampler: [[1]], shuffle: true }), {
    name: 'TypeError',
    message: /a batchSampler without batchSize, shuffle, sampler and dropLast/,
  })
  t.end()
})
