import t from 'tap'
import {
  binaryCrossEntropy,
  enableGrad,
  gradcheck,
  isGradEnabled,
  keep,
  matmul,
  memory,
  noGrad,
  ones,
  randn,
  scope,
  tensor,
  zeros,
  type Tensor,
} from 'convcore'
import { settle } from '../garbage.js'

const values = (x: Tensor | undefined) => x && [...x.dataSync()]
const leaf = (...v: number[]) => tensor(v, { requiresGrad: true })

t.test('gradients accumulate in leaves', (t) => {
  const x = leaf(1, 2, 3)
  x.mul(2).sum().backward()
  t.same(values(x.grad), [2, 2, 2])
  x.mul(x).sum().backward()
  t.same(values(x.grad), [4, 6, 8])
  t.end()
})

t.test('a value used several times receives the sum of its gradients', (t) => {
  const x = leaf(2, 3)
  const y = x.mul(x) // x²
  y.add(y).add(x).sum().backward() // 2x² + x
  t.same(values(x.grad), [9, 13])
  t.end()
})

t.test('only the gradients that somebody needs are computed', (t) => {
  const x = leaf(1, 2)
  const fixed = tensor([3, 4])
  x.mul(fixed).sum().backward()
  t.same(values(x.grad), [3, 4])
  t.equal(fixed.grad, undefined)
  t.end()
})

t.test('a gradient argument weighs the result', (t) => {
  const x = leaf(1, 2, 3)
  x.mul(x).backward(tensor([1, 0, 2]))
  t.same(values(x.grad), [2, 0, 12])
  t.end()
})

t.test('backward of a leaf is its own gradient', (t) => {
  const x = tensor(5, { requiresGrad: true })
  x.backward()
  t.same(values(x.grad), [1])
  t.end()
})

t.test('noGrad records nothing, enableGrad does so inside it', (t) => {
  const x = leaf(1)
  t.equal(isGradEnabled(), true)
  noGrad(() => {
    t.equal(isGradEnabled(), false)
    t.equal(x.mul(2).requiresGrad, false)
    t.equal(enableGrad(() => x.mul(2)).requiresGrad, true)
  })
  t.equal(isGradEnabled(), true)
  t.throws(() =>
    noGrad(() => {
      throw new Error('inside')
    }),
  )
  t.equal(isGradEnabled(), true, 'also after an error')
  t.end()
})

t.test('detach cuts the graph and shares memory', (t) => {
  const x = leaf(1, 2)
  const cut = x.mul(3).detach()
  t.equal(cut.requiresGrad, false)
  t.ok(cut.isLeaf)
  x.mul(cut).sum().backward()
  t.same(values(x.grad), [3, 6])
  t.end()
})

t.test('a graph is gone through once, unless it is retained', (t) => {
  const x = leaf(1, 2)
  const y = x.mul(x).sum()
  y.backward(undefined, { retainGraph: true })
  y.backward()
  t.same(values(x.grad), [4, 8])
  t.throws(() => y.backward(), { name: 'AutogradError', message: /already freed .*retainGraph/ })
  t.end()
})

t.test('backward refuses what has no graph, or no single value', (t) => {
  t.throws(() => zeros([2]).backward(), { name: 'AutogradError', message: /requires a gradient/ })
  t.throws(() => leaf(1, 2).mul(2).backward(), { name: 'ShapeError', message: /scalar .* \[2\]/ })
  t.throws(
    () =>
      leaf(1, 2)
        .mul(2)
        .backward(ones([3])),
    { name: 'ShapeError', message: /\[2\], got \[3\]/ },
  )
  t.end()
})

t.test('backward notices that a saved value was changed in place', (t) => {
  const x = leaf(1, 2)
  const factor = tensor([3, 4])
  const y = x.mul(factor).sum()
  factor.copy_([5, 6])
  t.throws(() => y.backward(), { name: 'AutogradError', message: /mul had saved was changed in place/ })
  t.end()
})

t.test('changes in place are refused where the tape could not follow', (t) => {
  const x = leaf(1, 2, 3)
  t.throws(() => x.mul(2).copy_([0, 0, 0]), { name: 'AutogradError', message: /copy_: .* result of an op/ })
  t.throws(() => zeros([4]).slice(0, 1, 3).copy_([1, 1]), { name: 'AutogradError', message: /copy_: .* a view/ })
  t.throws(() => x.copy_([1]), { name: 'ShapeError', message: /expected 3 elements, got 1/ })
  t.end()
})

t.test('only leaves of floats can ask for gradients', (t) => {
  t.throws(() => (leaf(1).mul(2).requiresGrad = true), { name: 'AutogradError' })
  t.throws(() => tensor(Int32Array.of(1), { requiresGrad: true }), { name: 'DTypeError', message: /int32/ })
  t.end()
})

t.test('saved values live as long as the graph, whatever the user disposes', (t) => {
  const x = leaf(1, 2)
  const a = x.mul(3)
  const b = a.mul(a)
  const loss = b.sum()
  a.dispose()
  b.dispose()
  loss.backward()
  t.same(values(x.grad), [18, 36])
  t.throws(() => a.sum(), { name: 'DisposedError', message: /sum: expected x to be a live tensor/ })
  t.end()
})

t.test('gradients do not reach a leaf that was disposed', (t) => {
  const [x, z] = [leaf(1, 2), leaf(3, 4)]
  const y = x.mul(z).sum()
  x.dispose()
  t.throws(() => y.backward(), {
    name: 'DisposedError',
    message: /live leaf, got one of shape \[2\] that was disposed/,
  })
  t.end()
})

t.test('several backward passes accumulate what one over the whole batch gives', (t) => {
  const inputs = randn([8, 3], { dtype: 'float64' })
  const weight = randn([3], { dtype: 'float64', requiresGrad: true })
  const loss = (x: Tensor) => x.mul(weight).sigmoid().sum().div(8)
  loss(inputs).backward()
  const whole = values(weight.grad)!
  weight.grad = undefined
  for (let i = 0; i < 8; i += 2) scope(() => loss(inputs.slice(0, i, i + 2)).backward())
  const parts = values(weight.grad)!
  t.ok(whole.every((v, i) => Math.abs(v - parts[i]!) < 1e-14))
  t.end()
})

t.test('gradients leave the scope in which backward ran', (t) => {
  const x = keep(leaf(1, 2))
  scope(() => {
    x.mul(x).sum().backward()
  })
  t.same(values(x.grad), [2, 4])
  t.end()
})

t.test('a gradient that somebody has read outlives its leaf, and the one in its place', (t) => {
  const x = leaf(1, 2)
  x.mul(2).sum().backward()
  const first = x.grad
  x.grad = undefined
  x.mul(3).sum().backward()
  const second = x.grad
  x.dispose()
  t.same(values(first), [2, 2])
  t.same(values(second), [3, 3])
  t.end()
})

t.test('a gradient that nobody has read is freed with its leaf, or when another takes its place', (t) => {
  const x = keep(leaf(1, 2))
  const backward = () => scope(() => x.mul(2).sum().backward())
  const { tensors } = memory()
  backward()
  t.equal(memory().tensors, tensors + 1)
  x.grad = undefined
  t.equal(memory().tensors, tensors)
  backward()
  x.dispose()
  t.equal(memory().tensors, tensors - 1)
  t.end()
})

t.test('the garbage collector frees leaves with their gradients, read or not', async (t) => {
  await settle()
  const { tensors } = memory()
  const used = (read: boolean) => {
    const x = leaf(1, 2)
    scope(() => x.mul(2).sum().backward())
    return read && x.grad
  }
  used(false)
  const kept = used(true)
  await settle()
  t.equal(memory().tensors, tensors + 1)
  t.same(values(kept as Tensor), [2, 2])
})

t.test('long chains go backward without recursion', (t) => {
  const x = leaf(1)
  let y: Tensor = x
  for (let i = 0; i < 5000; i++) y = y.add(1)
  y.sum().backward()
  t.same(values(x.grad), [1])
  t.end()
})

t.test('gradcheck accepts right gradients and refuses wrong ones', (t) => {
  const a = randn([3, 4], { dtype: 'float64', requiresGrad: true })
  const b = randn([4, 2], { dtype: 'float64', requiresGrad: true })
  t.ok(gradcheck((a, b) => matmul(a, b).tanh(), [a, b]) < 1e-6)
  t.throws(() => gradcheck((a) => a.mul(a.detach()), [a]), {
    name: 'AutogradError',
    message: /gradient of input 0 at element \d+: expected .* got/,
  })
  t.throws(() => gradcheck((x) => x.sum(), [leaf(1)]), { name: 'DTypeError', message: /float64/ })
  t.end()
})

t.test('backward refuses a gradient of another dtype or device, and a disposed root', (t) => {
  const y = () => leaf(1, 2).mul(2)
  t.throws(() => y().backward(ones([2], { dtype: 'float64' })), { name: 'DTypeError', message: /backward: .*float32/ })
  t.throws(() => y().backward(ones([2], { device: 'cpu:1' })), { name: 'DeviceError', message: /backward/ })
  t.throws(() => y().backward({ retainGraph: true } as never), { name: 'TypeError', message: /backward: .*gradient/ })
  const gone = y().sum()
  gone.dispose()
  t.throws(() => gone.backward(), { name: 'DisposedError', message: /backward/ })
  t.end()
})

t.test('a leaf that was frozen after the forward pass receives nothing', (t) => {
  const [x, z] = [leaf(1), leaf(2)]
  const y = x.mul(z).sum()
  x.requiresGrad = false
  y.backward()
  t.equal(x.grad, undefined)
  t.same(values(z.grad), [1])
  t.end()
})

t.test('a backward pass that fails leaves no tensor behind', (t) => {
  const [x, factor] = [leaf(1, 2), tensor([3, 4])]
  const { tensors } = memory()
  scope(() => {
    const y = x.mul(factor).add(x.mul(x)).sum()
    factor.copy_([0, 0])
    t.throws(() => y.backward(), { name: 'AutogradError' })
  })
  x.grad?.dispose()
  t.equal(memory().tensors, tensors)
  t.end()
})

t.test('the tape refuses what it cannot follow', (t) => {
  const x = tensor([0.5, 0.5], { requiresGrad: true })
  const refused = { name: 'AutogradError', message: /detach\(\) it/ }
  t.throws(() => binaryCrossEntropy(tensor([0.5, 0.5]), x), refused)
  t.throws(() => zeros([2]).copy_(x), refused)
  noGrad(() => zeros([2]).copy_(x))
  t.end()
})
