import t from 'tap'
import { defaultGenerator, Generator, manualSeed, rand } from 'convcore'

const seeds = [0, 42, 0xffffffff, 2 ** 32, 2 ** 53 - 1]
const offsets = [0, 1, 0xffffffff, 2 ** 32, 98765432109876]

t.test('a generator draws the same numbers as the native kernels', async (t) => {
  for (const seed of seeds) {
    for (const offset of offsets) {
      const generator = new Generator(seed).setState({ seed, offset })
      const native = await rand([2], { dtype: 'float64', generator }).data()
      const ours = new Generator(seed).setState({ seed, offset }).random()
      t.equal(ours, native[0], `seed ${seed}, offset ${offset}`)
    }
  }
})

t.test('a generator draws what Philox4x32-10 says', async (t) => {
  // 0x6627e8d5 0xe169c58d …: the known answer for key 0 and counter 0 in the Random123 distribution
  t.equal(new Generator(0).random(), (0x6627e8d5 * 2 ** 21 + (0xe169c58d >>> 11)) / 2 ** 53)
})

t.test('integers are uniform and stay below their limit', async (t) => {
  const generator = new Generator(7)
  const counts = new Array<number>(7).fill(0)
  for (let i = 0; i < 14_000; i++) counts[generator.integer(7)]!++
  const chiSquared = counts.reduce((sum, n) => sum + (n - 2000) ** 2 / 2000, 0)
  t.ok(chiSquared < 22.5, `chi-squared of ${chiSquared} with 6 degrees of freedom (0.1 % lie above 22.5)`)
  t.equal(generator.integer(1), 0)
  t.ok(Number.isSafeInteger(generator.integer(2 ** 53 - 1)))
})

t.test('a permutation holds every index once', async (t) => {
  const order = new Generator(3).permutation(1000)
  t.notSame(
    order,
    Int32Array.from({ length: 1000 }, (_, i) => i),
  )
  t.same(
    order.toSorted(),
    Int32Array.from({ length: 1000 }, (_, i) => i),
  )
  t.equal(new Generator(3).permutation(0).length, 0)
})

t.test('every permutation of three comes up', async (t) => {
  const generator = new Generator(5)
  t.equal(new Set(Array.from({ length: 100 }, () => generator.permutation(3).join())).size, 6)
})

t.test('a generator goes on from a saved state', async (t) => {
  const generator = new Generator(9)
  generator.random()
  const state = generator.state()
  const expected = [generator.random(), generator.random()]
  const resumed = new Generator(0).setState(JSON.parse(JSON.stringify(state)) as typeof state)
  t.same([resumed.random(), resumed.random()], expected)
})

t.test('counters that were taken are not drawn from again', async (t) => {
  const generator = new Generator(9)
  t.equal(generator.take(10), 0)
  t.equal(generator.take(1), 10)
  t.equal(generator.offset, 11)
})

t.test('manualSeed restarts the default generator', async (t) => {
  manualSeed(12)
  const first = defaultGenerator.random()
  defaultGenerator.random()
  manualSeed(12)
  t.equal(defaultGenerator.random(), first)
  t.equal(defaultGenerator.seed, 12)
})

t.test('what is no seed, count or state is refused by name', async (t) => {
  for (const seed of [-1, 0.5, NaN, Infinity, 2 ** 53, '1', undefined]) {
    t.throws(() => new Generator(seed as number), { name: 'RangeError', message: `got ${String(seed)}` })
    t.throws(() => manualSeed(seed as number), { name: 'RangeError', message: /seed/ })
  }
  const generator = new Generator(0)
  t.throws(() => generator.take(-1), { name: 'RangeError', message: /counters/ })
  t.throws(() => generator.integer(0), { name: 'RangeError', message: /≥ 1, got 0/ })
  t.throws(() => generator.permutation(2 ** 31), { name: 'RangeError' })
  t.throws(() => generator.setState({ seed: 1, offset: -1 }), { name: 'RangeError', message: /offset/ })
  t.same(generator.state(), { seed: 0, offset: 0 }, 'a refused state changes nothing')
  generator.setState({ seed: 0, offset: 2 ** 53 - 2 })
  t.throws(() => generator.take(2), { name: 'RangeError', message: /offset/ })
})
