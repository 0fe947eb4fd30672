import t from 'tap'
import { autograd, memory, noGrad, ones, scope, tensor, zeros, type Tensor } from 'convcore'

const { grad } = autograd
const values = (x: Tensor | undefined) => x && [...x.dataSync()]
const leaf = (...v: number[]) => tensor(v, { requiresGrad: true })

t.test('grad gives gradients of leaves and of results, and touches no .grad', (t) => {
  const x = leaf(1, 2)
  const w = leaf(3, 4)
  const y = x.mul(w)
  const [dx, dy] = grad(y.mul(y).sum(), [x, y])
  t.same(values(dx), [18, 64])
  t.same(values(dy), [6, 16])
  t.equal(x.grad, undefined)
  t.equal(w.grad, undefined)
  t.notOk(dx!.requiresGrad)
  t.end()
})

t.test('grad sums over outputs, each with a gradient of its own', (t) => {
  const x = leaf(1, 2)
  const [dx] = grad([x.mul(2), x.mul(x).sum()], [x], { gradOutputs: [tensor([1, 10])] })
  t.same(values(dx), [4, 24])
  t.same(values(grad(x.sum(), [x])[0]), [1, 1])
  t.same(values(grad(x, [x], { gradOutputs: [tensor([5, 6])] })[0]), [5, 6], 'a leaf is its own output')
  t.end()
})

t.test('grad frees the graph unless it is retained, and only what leads to its inputs', (t) => {
  const x = leaf(1, 2)
  const y = x.mul(x)
  const z = y.mul(y).sum()
  t.same(values(grad(z, [y], { retainGraph: true })[0]), [2, 8])
  t.same(values(grad(z, [y])[0]), [2, 8])
  t.throws(() => grad(z, [y]), { name: 'AutogradError', message: /already freed/ })
  y.sum().backward()
  t.same(values(x.grad), [2, 4], 'below y nothing was freed')
  t.end()
})

t.test('an input that no output depends on is an error, or undefined where that is allowed', (t) => {
  const [x, other] = [leaf(1), leaf(2)]
  const y = x.mul(2).sum()
  t.throws(() => grad(y, [x, other], { retainGraph: true }), {
    name: 'AutogradError',
    message: /inputs\[1\].*allowUnused/,
  })
  const [dx, none] = grad(y, [x, other], { allowUnused: true })
  t.same(values(dx), [2])
  t.equal(none, undefined)
  t.end()
})

t.test('hooks see the gradients that grad passes on', (t) => {
  const x = leaf(1, 2)
  x.registerHook((dx) => dx.mul(10))
  t.same(values(grad(x.mul(3).sum(), [x])[0]), [30, 30])
  t.end()
})

t.test('grad refuses what it cannot use, and leaves no tensors behind', (t) => {
  const x = leaf(1, 2)
  const before = memory().tensors
  scope(() => {
    t.throws(() => grad(x.mul(2), [x]), { name: 'ShapeError', message: /grad: expected a scalar/ })
    t.throws(() => grad(zeros([1]), [x]), { name: 'AutogradError' })
    t.throws(() => grad(x.sum(), [zeros([1])]), { name: 'AutogradError', message: /inputs\[0\]/ })
    t.throws(() => grad(x.sum(), x as never), { name: 'TypeError', message: /array of inputs/ })
    t.throws(() => grad(x.sum(), [x], { gradOutputs: [undefined, ones([1])] }), { name: 'RangeError' })
    t.throws(() => grad(x.mul(2), [x], { gradOutputs: [ones([3])] }), { name: 'ShapeError' })
    t.throws(
      () =>
        grad(
          noGrad(() => x.sum()),
          [x],
        ),
      { name: 'AutogradError' },
    )
  })
  t.equal(memory().tensors, before)
  const [dx] = scope(() => grad(x.mul(x).sum(), [x]))
  t.equal(memory().tensors, before + 1)
  t.same(values(dx), [2, 4])
  t.end()
})
