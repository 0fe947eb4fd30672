import t from 'tap'
import { Generator, manualSeed, matmul, nn, type Tensor, zeros } from 'convcore'

const { init } = nn

async function spread(x: Tensor): Promise<{ mean: number; std: number; low: number; high: number }> {
  const values = Array.from(await x.data())
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
  return { mean, std: Math.sqrt(variance), low: Math.min(...values), high: Math.max(...values) }
}

const near = (got: number, want: number, tolerance: number): boolean => Math.abs(got - want) <= tolerance

t.test('gains are those of PyTorch', async (t) => {
  t.equal(init.calculateGain('linear'), 1)
  t.equal(init.calculateGain('conv2d'), 1)
  t.equal(init.calculateGain('sigmoid'), 1)
  t.equal(init.calculateGain('tanh'), 5 / 3)
  t.equal(init.calculateGain('relu'), Math.SQRT2)
  t.equal(init.calculateGain('leakyRelu', 0.2), Math.sqrt(2 / 1.04))
  t.equal(init.calculateGain('selu'), 0.75)
})

t.test('draws have the spread that the formulas say', async (t) => {
  const fill = (draw: (x: Tensor) => Tensor) => {
    manualSeed(1)
    return spread(draw(zeros([64, 32, 3, 3])))
  }
  const [fanIn, fanOut] = [32 * 9, 64 * 9]
  const cases: [string, (x: Tensor) => Tensor, number][] = [
    ['normal', (x) => init.normal_(x, 0, 0.01), 0.01],
    ['xavierNormal', (x) => init.xavierNormal_(x), Math.sqrt(2 / (fanIn + fanOut))],
    ['xavierUniform', (x) => init.xavierUniform_(x, { gain: 2 }), 2 * Math.sqrt(2 / (fanIn + fanOut))],
    ['kaimingNormal', (x) => init.kaimingNormal_(x, { mode: 'fanOut', nonlinearity: 'relu' }), Math.sqrt(2 / fanOut)],
    ['kaimingUniform', (x) => init.kaimingUniform_(x), Math.sqrt(2 / fanIn)],
  ]
  for (const [name, draw, std] of cases) {
    const got = await fill(draw)
    t.ok(near(got.mean, 0, std / 30), `${name}: mean ${got.mean}`)
    t.ok(near(got.std, std, std / 50), `${name}: std ${got.std} for ${std}`)
    if (name.endsWith('Uniform'))
      t.ok(got.high <= std * Math.sqrt(3) && got.low >= -std * Math.sqrt(3), `${name}: bounds`)
  }
  const { low, high } = await fill((x) => init.uniform_(x, 2, 3))
  t.ok(low >= 2 && high < 3)
})

t.test('truncated draws stay within their bounds, with the spread that the cut leaves', async (t) => {
  manualSeed(2)
  const drawn = await spread(init.truncNormal_(zeros([60, 100])))
  t.ok(drawn.low >= -2 && drawn.high <= 2)
  t.ok(near(drawn.mean, 0, 0.03) && near(drawn.std, 0.8796, 0.02), `mean ${drawn.mean}, std ${drawn.std}`)
  const tail = await spread(init.truncNormal_(zeros([2000]), { mean: 1, std: 2, a: 9, b: Infinity }))
  t.ok(tail.low >= 9 && near(tail.mean, 9.45, 0.05), `mean ${tail.mean} of the tail beyond four standard deviations`)
  const glorot = await spread(init.glorotNormal_(zeros([64, 96])))
  t.ok(near(glorot.std, Math.sqrt(2 / 160), 0.003) && glorot.high <= (2 * Math.sqrt(2 / 160)) / 0.879)
  t.equal(init.glorotUniform_, init.xavierUniform_)
  t.throws(() => init.truncNormal_(zeros([1]), { a: 1, b: 1 }), { name: 'RangeError', message: /expected a < b/ })
})

t.test('orthogonal matrices have orthonormal rows or columns', async (t) => {
  for (const shape of [
    [4, 4],
    [6, 3],
    [3, 2, 5],
    [2, 3, 2, 2],
  ]) {
    // prettier-ignore
    for (const dtype of ['float32', 'float64'] as const) {
      const x = init.orthogonal_(zeros(shape, { dtype }), { gain: 3, generator: new Generator(4) })
      const [rows, columns] = [shape[0]!, shape.slice(1).reduce((a, b) => a * b)]
      const m = x.reshape([rows, columns])
      const product = rows > columns ? matmul(m, m, { transposeA: true }) : matmul(m, m, { transposeB: true })
      const side = Math.min(rows, columns)
      const off = product.dataSync().map((v, i) => Math.abs(v - (i % (side + 1) === 0 ? 9 : 0)))
      t.ok(Math.max(...off) < 1e-5, `${shape} of ${dtype}`)
    }
  }
  const conv = new nn.Conv2d(2, 3, 3)
  t.equal(init.orthogonal_(conv.weight), conv.weight)
  t.equal(init.orthogonal_(zeros([0, 3])).size, 0)
  t.throws(() => init.orthogonal_(zeros([3])), { name: 'ShapeError', message: /rank 2 or more/ })
})

t.test('the identity fills a matrix', async (t) => {
  t.same([...(await init.eye_(zeros([2, 3])).data())], [1, 0, 0, 0, 1, 0])
  t.throws(() => init.eye_(zeros([2])), { name: 'ShapeError' })
})

t.test('constants fill', async (t) => {
  const x = zeros([2])
  t.equal(init.constant_(x, 3), x)
  t.same([...(await x.data())], [3, 3])
  t.same([...(await init.ones_(x).data())], [1, 1])
  t.same([...(await init.zeros_(x).data())], [0, 0])
})

t.test('parameters are filled off the tape, in logical order whatever their layout', async (t) => {
  const weight = new nn.Conv2d(3, 2, 3).weight
  t.equal(weight.layout, 'channelsLast')
  init.normal_(weight, 0, 1, new Generator(7))
  t.ok(weight.isLeaf && weight.requiresGrad)
  t.same(await weight.data(), await init.normal_(zeros([2, 3, 3, 3]), 0, 1, new Generator(7)).data())
})

t.test('layers draw their first values from ±1/√fanIn, and from a generator of their own when given', async (t) => {
  const make = () => new nn.Conv2d(8, 16, 5, { generator: new Generator(3) })
  const [a, b] = [make(), make()]
  t.same(await a.weight.data(), await b.weight.data())
  const bound = 1 / Math.sqrt(8 * 25)
  for (const values of [a.weight, a.bias!]) {
    const { low, high } = await spread(values)
    t.ok(low >= -bound && high < bound && high - low > bound)
  }
})

t.test('what has no fans or an unknown name is refused', async (t) => {
  t.throws(() => init.xavierNormal_(zeros([3])), { name: 'ShapeError', message: /rank 2 or more, got \[3\]/ })
  t.throws(() => init.calculateGain('gelu' as 'relu'), /expected nonlinearity to be one of linear, .*, got "gelu"/)
  t.throws(
    () => init.kaimingNormal_(zeros([2, 2]), { mode: 'fan' as 'fanIn' }),
    /expected mode to be one of fanIn, fanOut/,
  )
})
