// Gradients where formulas that are right elsewhere go wrong; as PyTorch's.
import {
  div,
  maximum,
  memory,
  minimum,
  resetPeak,
  scatter,
  scatterAdd,
  scope,
  tensor,
  type Tensor,
  zeros,
} from 'convcore'
import t from 'tap'

const leaf = (data: number[]): Tensor => tensor(data, { requiresGrad: true })
const values = (x: Tensor | undefined): number[] => [...x!.dataSync()]

for (const name of ['max', 'min'] as const)
  t.test(`equal elements share the gradient of ${name}()`, (t) => {
    const sign = name === 'max' ? 1 : -1
    for (const [data, want] of [
      [
        [1, 3, 3, 2],
        [0, 0.5, 0.5, 0],
      ],
      [
        [1, NaN, 3, NaN],
        [0, 0.5, 0, 0.5],
      ],
      [
        [Infinity, 1, Infinity, 2],
        [0.5, 0, 0.5, 0],
      ],
      [
        [0, 0, 0, 0],
        [0.25, 0.25, 0.25, 0.25],
      ],
    ] as const) {
      const x = leaf(data.map((v) => sign * v))
      x[name]().backward()
      t.same(values(x.grad), want, `${data}`)
    }
    t.end()
  })

t.test('beside NaN, both operands of maximum and minimum receive the gradient', (t) => {
  for (const [op, last] of [
    [maximum, [5, 0]],
    [minimum, [0, 5]],
  ] as const) {
    const a = leaf([1, NaN, 1, NaN, 2])
    const b = leaf([NaN, 1, 1, NaN, 1])
    op(a, b).backward(tensor([1, 2, 3, 4, 5]))
    t.same(values(a.grad), [1, 2, 1.5, 4, last[0]])
    t.same(values(b.grad), [1, 2, 1.5, 4, last[1]])
  }
  t.end()
})

t.test('the gradient of a divisor neither overflows nor vanishes with its square', (t) => {
  const b = leaf([2 ** 100, 2 ** -100])
  div(tensor([2 ** 100, 2 ** -100]), b).backward(tensor([1, 1]))
  t.same(values(b.grad), [-(2 ** -100), -(2 ** 100)])
  t.end()
})

t.test('scatter and scatterAdd compute no gradient that nobody wants', (t) => {
  const rows = 4096
  const index = tensor(new Int32Array(64), { shape: [1, 64] })
  for (const [op, columns, limit] of [
    [scatter, 64, 1.5],
    [scatter, 65, 2.5],
    [scatterAdd, 65, 1.5],
  ] as const)
    scope(() => {
      const x = zeros([rows, columns])
      const src = zeros([1, 64], { requiresGrad: true })
      const y = op(x, 0, index, src)
      const dy = zeros(y.shape)
      resetPeak()
      const before = memory().live
      y.backward(dy)
      // scatter numbers its places; where src is narrower than x, a part of dy is copied.
      const copies = (memory().peak - before) / (4 * rows * columns)
      t.ok(copies < limit, `${op.name}, ${columns} columns: ${copies}`)
    })
  t.end()
})
