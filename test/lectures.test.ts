import {
  adaptiveAvgPool2d,
  avgPool2d,
  col2im,
  conv1d,
  conv2d,
  type Conv2dOptions,
  conv3d,
  gradcheck,
  im2col,
  manualSeed,
  matmul,
  maxPool2d,
  maxPool2dWithIndices,
  mul,
  nn,
  noGrad,
  ones,
  rand,
  randn,
  relu,
  sum,
  tanh,
  tensor,
  type Tensor,
  toChannelsLast,
  weightedAvgPool2d,
  zeros,
} from 'convcore'
import t from 'tap'

/** The exact numbers that the lectures print. */
const rows = (...values: number[][]): Tensor => tensor([[values]])

/** A tensor's values as nested rows of its last dimension. */
function matrix(x: Tensor): number[][] {
  const width = x.shape.at(-1)!
  const data = [...x.dataSync()]
  return Array.from({ length: data.length / width }, (_, i) => data.slice(i * width, (i + 1) * width))
}

const nine = () => rows([1, 2, 3], [4, 5, 6], [7, 8, 9])
const convolve = (x: Tensor, filter: Tensor, options: Conv2dOptions = {}) =>
  matrix(conv2d(x, filter, undefined, options))

t.test('L1.11: output size ⌊(N + 2p − F) / s⌋ + 1 per side, one channel per filter', (t) => {
  for (const n of [5, 7, 8])
    for (const p of [0, 1, 2])
      for (const f of [1, 2, 3, 4, 5])
        for (const s of [1, 2, 3]) {
          const side = Math.floor((n + 2 * p - f) / s) + 1
          const y = conv2d(zeros([1, 3, n, n]), zeros([6, 3, f, f]), undefined, { padding: p, stride: s })
          t.same(y.shape, [1, 6, side, side], `N ${n}, p ${p}, F ${f}, s ${s}`)
        }
  t.throws(() => conv2d(zeros([1, 3, 5, 5]), zeros([6, 3, 7, 7])), {
    name: 'ShapeError',
    message: /⌊\(5 \+ 2·0 − 7\) \/ 1⌋ \+ 1/,
  })
  t.end()
})

t.test('L1.13: 5×5 binary image and 3×3 filter', (t) => {
  const image = rows([1, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 1, 1], [0, 0, 1, 1, 0], [0, 1, 1, 0, 0])
  const filter = rows([1, 0, 1], [0, 1, 0], [1, 0, 1])
  t.same(convolve(image, filter), [
    [4, 3, 4],
    [2, 4, 3],
    [2, 3, 4],
  ])
  t.end()
})

t.test('L2.1: 2×2 filter of ones, VALID', (t) => {
  t.same(convolve(nine(), rows([1, 1], [1, 1]), { padding: 'valid' }), [
    [12, 16],
    [24, 28],
  ])
  t.end()
})

t.test('L2.2: three 2×2 filters, SAME', (t) => {
  const filters = tensor([1, 10, -1].map((v) => [[[v, v], [v, v]]])) // prettier-ignore
  const ones = [
    [12, 16, 9],
    [24, 28, 15],
    [15, 17, 9],
  ]
  const want = [1, 10, -1].flatMap((factor) => ones.map((row) => row.map((v) => v * factor)))
  t.same(convolve(nine(), filters, { padding: 'same' }), want)
  t.end()
})

t.test('L2.3: max pooling 2×2, stride 1, VALID and SAME', (t) => {
  const x = rows([4, 3], [2, 1])
  t.same(matrix(maxPool2d(x, 2, { stride: 1, padding: 'valid' })), [[4]])
  t.same(matrix(maxPool2d(x, 2, { stride: 1, padding: 'same' })), [
    [4, 3],
    [2, 1],
  ])
  t.end()
})

t.test('L2.5: global average pooling', (t) => {
  const x = rand([2, 5, 3, 4])
  const means = matrix(x.reshape([10, 12])).map((row) => row.reduce((a, b) => a + b) / 12)
  const y = adaptiveAvgPool2d(x, 1)
  t.same(y.shape, [2, 5, 1, 1])
  for (const [i, mean] of [...y.dataSync()].entries()) t.ok(Math.abs(mean - means[i]!) < 1e-6)
  t.end()
})

t.test('L3.1: im2col, rows over N P Q, columns over C R S', (t) => {
  t.same(im2col(rand([1, 3, 7, 7]), 5).shape, [9, 75])
  const counted = tensor(
    Float32Array.from({ length: 10 * 3 * 7 * 7 }, (_, i) => i),
    { shape: [10, 3, 7, 7] },
  )
  for (const x of [counted, toChannelsLast(counted)]) {
    const columns = im2col(x, 5)
    t.same(columns.shape, [90, 75])
    const cell = (n: number, p: number, q: number, c: number, r: number, s: number) =>
      ((n * 3 + c) * 7 + p + r) * 7 + q + s
    const entry = (i: number, j: number) =>
      cell(Math.floor(i / 9), Math.floor(i / 3) % 3, i % 3, Math.floor(j / 25), Math.floor(j / 5) % 5, j % 5)
    t.same(
      matrix(columns),
      Array.from({ length: 90 }, (_, i) => Array.from({ length: 75 }, (_, j) => entry(i, j))),
      `from an image that lies ${x.layout}`,
    )
  }
  t.end()
})

t.test('L3.2: col2im is the adjoint of im2col', (t) => {
  for (const options of [{}, { stride: 2, padding: 1 }, { dilation: 2 }]) {
    const x = rand([2, 3, 7, 7], { dtype: 'float64' })
    const columns = im2col(x, 3, options)
    const y = rand([...columns.shape], { dtype: 'float64' })
    const left = sum(mul(columns, y)).itemSync()
    const right = sum(mul(x, col2im(y, x.shape, 3, options))).itemSync()
    t.ok(Math.abs(left - right) <= 1e-12 * Math.abs(left), `⟨im2col(x), y⟩ = ${left}, ⟨x, col2im(y)⟩ = ${right}`)
  }
  t.end()
})

t.test('L3.3: gradients of a convolution', (t) => {
  const inputs = [[2, 3, 7, 7], [4, 3, 5, 5], [4]].map((shape) => rand(shape, { dtype: 'float64', requiresGrad: true }))
  t.ok(gradcheck((x, weight, bias) => conv2d(x, weight, bias, { padding: 1 }), inputs))
  t.end()
})

t.test('L3.4: max pooling keeps the argmax, ties go to the first; average and weighted average pooling', (t) => {
  const x = rows([1, 2, 1, 0], [0, 1, 2, 3], [3, 0, 1, 2], [2, 4, 0, 1])
  const { values, indices } = maxPool2dWithIndices(x, 2)
  t.same(matrix(values), [
    [2, 3],
    [4, 2],
  ])
  t.same(matrix(indices), [
    [1, 7],
    [13, 11],
  ])
  const tied = tensor([[[[5, 5], [5, 5]]]], { requiresGrad: true }) // prettier-ignore
  maxPool2d(tied, 2).backward(tensor([[[[1]]]]))
  t.same(matrix(tied.grad!), [
    [1, 0],
    [0, 0],
  ])
  t.same(matrix(avgPool2d(x, 2)), [
    [1, 1.5],
    [2.25, 1],
  ])
  const weights = tensor([[4, 2], [1, 1]]) // prettier-ignore
  t.same(matrix(weightedAvgPool2d(x, weights)), [
    [1.125, 1.125],
    [2.25, 1.125],
  ])
  t.end()
})

t.test('L4.1: 1-D, 2-D and 3-D convolution', (t) => {
  const blur = [0.25, 0.5, 0.25]
  t.same(matrix(conv1d(ones([1, 1, 5]), tensor([[blur]]))), [[1, 1, 1]])
  t.same(matrix(conv2d(ones([1, 1, 5, 3]), tensor([[[blur]]]))), [[1], [1], [1], [1], [1]])
  t.same(matrix(conv3d(ones([1, 1, 2, 1, 5]), tensor([[[[blur]]]]))), [
    [1, 1, 1],
    [1, 1, 1],
  ])
  t.same(matrix(conv1d(tensor([[[1, 2, 3, 4]]]), tensor([[[1, 10]]]))), [[21, 32, 43]], 'a filter of even size')
  t.same(matrix(conv1d(tensor([[[1, 2, 3]]]), tensor([[[1, 10]]]), undefined, { padding: 'same' })), [[21, 32, 3]])
  t.end()
})

t.test('L4.7: view(-1, 784), relu as a function and as a module', (t) => {
  const images = randn([3, 1, 28, 28])
  const flat = images.view(-1, 784)
  t.same(flat.shape, [3, 784])
  t.same(matrix(relu(flat)), matrix(new nn.ReLU()(flat)))
  t.same(
    matrix(relu(flat)),
    matrix(flat).map((row) => row.map((v) => Math.max(v, 0))),
  )
  t.end()
})

t.test('L4.8: the tape remembers how values came to be, and goes back over it', (t) => {
  const w = tensor([2, 3], { requiresGrad: true })
  const x = tensor([5, 7])
  const loss = mul(w, w).mul(x).sum() // Σ w²·x
  t.equal(loss.itemSync(), 83)
  loss.backward()
  t.same([...w.grad!.dataSync()], [20, 42], '2·w·x')
  t.equal(x.grad, undefined)
  t.throws(() => loss.backward(), { name: 'AutogradError' }, 'the tape is gone through once')
  t.notOk(noGrad(() => w.mul(x)).requiresGrad)
  t.end()
})

t.test('L5.6: activations keep their spread through Xavier’s and He’s weights, and vanish through small ones', (t) => {
  /** The standard deviation behind each of ten layers. */
  const spreads = (draw: (weight: Tensor) => Tensor, activation: (x: Tensor) => Tensor) => {
    manualSeed(6)
    let x = randn([256, 100])
    return Array.from({ length: 10 }, () => {
      x = activation(matmul(x, draw(zeros([100, 100])), { transposeB: true }))
      const values = [...x.dataSync()]
      const mean = values.reduce((a, b) => a + b) / values.length
      return Math.sqrt(values.reduce((total, v) => total + (v - mean) ** 2, 0) / values.length)
    })
  }
  const small = spreads((w) => nn.init.normal_(w, 0, 0.01), tanh)
  t.ok(
    small.every((std, i) => std < 0.2 ** (i + 1)),
    `small normal: ${small.at(-1)}`,
  )
  const xavier = spreads((w) => nn.init.xavierNormal_(w), tanh)
  t.ok(
    xavier.every((std) => std > 0.2 && std < 0.8),
    `Xavier: ${xavier.join(' ')}`,
  )
  const he = spreads((w) => nn.init.kaimingNormal_(w, { nonlinearity: 'relu' }), relu)
  t.ok(
    he.every((std) => std > 0.4 && std < 1.6),
    `He: ${he.join(' ')}`,
  )
  t.end()
})

t.test('L5.8: batch normalisation by the batch in training, by running statistics in evaluation', (t) => {
  const values = [
    [1, 10],
    [2, 20],
    [3, 60],
  ]
  const columns = [0, 1].map((c) => values.map((row) => row[c]!))
  const mean = columns.map((x) => x.reduce((a, b) => a + b) / 3)
  const squares = columns.map((x, c) => x.reduce((a, v) => a + (v - mean[c]!) ** 2, 0))
  const near = (x: Tensor, want: number[], what: string) =>
    t.ok(
      [...x.dataSync()].every((v, i) => Math.abs(v - want[i]!) < 1e-5 * Math.max(1, Math.abs(want[i]!))),
      `${what}: ${[...x.dataSync()]} for ${want}`,
    )
  const bn = new nn.BatchNorm1d(2)
  const normal = values.flatMap((row) => row.map((v, c) => (v - mean[c]!) / Math.sqrt(squares[c]! / 3 + 1e-5)))
  near(bn(tensor(values)), normal, 'the batch’s mean and biased variance')
  near(bn.runningMean!, mean.map((m) => 0.1 * m), 'the running mean moves by a tenth') // prettier-ignore
  near(bn.runningVar!, squares.map((s) => 0.9 + 0.1 * (s / 2)), 'and so does the variance, the unbiased one') // prettier-ignore

  const before = [bn.runningMean!, bn.runningVar!].map((x) => [...x.dataSync()])
  bn.eval()
  const [runningMean, runningVar] = before as [number[], number[]]
  const frozen = [5, 50].map((v, c) => (v - runningMean[c]!) / Math.sqrt(runningVar[c]! + 1e-5))
  near(bn(tensor([[5, 50]])), frozen, 'one sample is normalised by what was learnt')
  t.same([bn.runningMean!, bn.runningVar!].map((x) => [...x.dataSync()]), before, 'which evaluation leaves alone') // prettier-ignore
  t.equal(bn.numBatchesTracked!.itemSync(), 1)
  t.end()
})

t.test('L5.10: 3×3 filter with padding 1, stride 1 and 2, and its im2col matrix', (t) => {
  const filter = rows([0, 0, 1], [0, 1, 0], [1, 0, 0])
  t.same(convolve(nine(), filter, { padding: 1 }), [
    [1, 6, 8],
    [6, 15, 14],
    [12, 14, 9],
  ])
  t.same(convolve(nine(), filter, { padding: 1, stride: 2 }), [
    [1, 8],
    [12, 9],
  ])
  t.same(matrix(im2col(nine(), 3, { padding: 1 })), [
    [0, 0, 0, 0, 1, 2, 0, 4, 5],
    [0, 0, 0, 1, 2, 3, 4, 5, 6],
    [0, 0, 0, 2, 3, 0, 5, 6, 0],
    [0, 1, 2, 0, 4, 5, 0, 7, 8],
    [1, 2, 3, 4, 5, 6, 7, 8, 9],
    [2, 3, 0, 5, 6, 0, 8, 9, 0],
    [0, 4, 5, 0, 7, 8, 0, 0, 0],
    [4, 5, 6, 7, 8, 9, 0, 0, 0],
    [5, 6, 0, 8, 9, 0, 0, 0, 0],
  ])
  t.end()
})

t.test('L5.11: a filter that shifts an image left by one pixel', (t) => {
  const shift = rows([0, 0, 0], [0, 0, 1], [0, 0, 0])
  t.same(convolve(nine(), shift, { padding: 1 }), [
    [2, 3, 0],
    [5, 6, 0],
    [8, 9, 0],
  ])
  t.end()
})
