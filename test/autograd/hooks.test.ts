import t from 'tap'
import { autograd, keep, memory, scope, tensor, zeros, type Tensor } from 'convcore'

const values = (x: Tensor | undefined) => x && [...x.dataSync()]
const leaf = (...v: number[]) => tensor(v, { requiresGrad: true })

t.test('a hook on an intermediate result sees its gradient, and may replace it', (t) => {
  const x = leaf(1, 2)
  const y = x.mul(3)
  const seen: unknown[] = []
  y.registerHook((dy) => void seen.push(values(dy)))
  y.registerHook((dy) => dy.mul(10))
  y.registerHook((dy) => void seen.push(values(dy)))
  y.mul(y).sum().backward()
  t.same(seen, [
    [6, 12],
    [60, 120],
  ])
  t.same(values(x.grad), [180, 360])
  t.end()
})

t.test('a hook on a leaf sees the whole gradient of each pass, once, before it accumulates', (t) => {
  const x = leaf(1, 2)
  const seen: unknown[] = []
  x.registerHook((dx) => {
    seen.push(values(dx))
    return dx.mul(2)
  })
  x.mul(x).add(x).sum().backward() // two ways to x
  x.mul(5).sum().backward()
  t.same(seen, [
    [3, 5],
    [5, 5],
  ])
  t.same(values(x.grad), [16, 20])
  t.end()
})

t.test('a hook is called until it is removed', (t) => {
  const x = leaf(1)
  let calls = 0
  const called = () => {
    calls++
  }
  const handle = x.registerHook(called)
  x.mul(2).sum().backward()
  handle.remove()
  handle.remove()
  x.mul(2).sum().backward()
  t.equal(calls, 1)
  const count = () => {
    using handle = x.registerHook(called)
    x.mul(2).sum().backward()
    return handle
  }
  count()
  x.mul(2).sum().backward()
  t.equal(calls, 2)
  t.same(values(x.grad), [8])
  t.end()
})

t.test('what a hook keeps outlives the pass, and nothing else does', (t) => {
  const x = leaf(1, 2)
  let kept: Tensor | undefined
  let dropped: Tensor | undefined
  const before = memory().tensors
  scope(() => {
    const y = x.mul(3)
    y.registerHook((dy) => void (kept = keep(dy)))
    y.registerHook((dy) => void (dropped = dy.mul(2)))
    y.sum().backward()
  })
  t.same(values(kept), [1, 1])
  t.ok(dropped?.disposed)
  t.equal(memory().tensors, before + 2, 'what was kept and x.grad')
  t.end()
})

t.test('hooks must give gradients that fit, and a failing one leaves nothing behind', (t) => {
  const x = leaf(1, 2)
  const before = memory().tensors
  const pass = (hook: (dx: Tensor) => unknown, on: 'leaf' | 'result') => {
    scope(() => {
      const y = x.mul(2)
      const handle = (on === 'leaf' ? x : y).registerHook(hook as autograd.GradientHook)
      try {
        y.sum().backward()
      } finally {
        handle.remove()
      }
    })
  }
  for (const on of ['leaf', 'result'] as const) {
    t.throws(() => pass(() => zeros([3]), on), { name: 'ShapeError', message: /registerHook: .*\[2\], got \[3\]/ })
    t.throws(() => pass((dx) => dx.to('float64'), on), { name: 'DTypeError', message: /registerHook/ })
    t.throws(() => pass(() => 3, on), { name: 'TypeError', message: /return a gradient or nothing, got 3/ })
    t.throws(
      () =>
        pass(() => {
          throw new Error('mine')
        }, on),
      { message: 'mine' },
    )
  }
  t.equal(x.grad, undefined)
  t.equal(memory().tensors, before)
  t.throws(() => zeros([1]).registerHook(() => undefined), { name: 'AutogradError', message: /without a graph/ })
  t.throws(() => x.registerHook('hook' as never), { name: 'TypeError', message: /registerHook: expected a function/ })
  t.end()
})

t.test('retainGrad keeps the gradient of a result, after its hooks', (t) => {
  const x = leaf(1, 2)
  const y = x.mul(3)
  y.retainGrad()
  y.registerHook((dy) => dy.mul(2))
  const loss = y.mul(y).sum()
  loss.backward(undefined, { retainGraph: true })
  t.same(values(y.grad), [12, 24])
  loss.backward()
  t.same(values(y.grad), [24, 48], 'it accumulates')
  t.same(values(x.grad), [72, 144])
  x.retainGrad()
  t.throws(() => zeros([1]).retainGrad(), { name: 'AutogradError' })
  t.end()
})
