import t from 'tap'
import { autograd, gradcheck, memory, noGrad, randn, scope, tensor, zeros, type Tensor } from 'convcore'

const values = (x: Tensor | undefined) => x && [...x.dataSync()]
const leaf = (...v: number[]) => tensor(v, { requiresGrad: true })

class Scaled extends autograd.Function {
  static forward(ctx: autograd.Context, x: Tensor, w: Tensor, factor: number) {
    ctx.saveForBackward(x, w)
    ctx.factor = factor
    return x.mul(w).mul(factor)
  }
  static backward(ctx: autograd.Context, dy: Tensor) {
    const [x, w] = ctx.savedTensors
    const scaled = dy.mul(ctx.factor as number)
    const [wantsX, wantsW] = ctx.needsInputGrad
    return [wantsX ? scaled.mul(w!) : undefined, wantsW ? scaled.mul(x!) : undefined, undefined]
  }
}

class MinMax extends autograd.Function {
  static forward(ctx: autograd.Context, x: Tensor): Tensor[] {
    ctx.saveForBackward(x)
    const largest = x.argmax(0)
    return [x.mul(2), x.mul(x), largest]
  }
  static backward(ctx: autograd.Context, d2: Tensor, dx2: Tensor, none: Tensor) {
    t.same(none.dtype, 'int32')
    return d2.mul(2).add(dx2.mul(ctx.savedTensors[0]!).mul(2))
  }
}

t.test('a custom function has the gradient that it defines', (t) => {
  const [x, w] = [leaf(1, 2), leaf(3, 4)]
  const y: Tensor = Scaled.apply(x, w, 10)
  t.same(values(y), [30, 80])
  y.sum().backward()
  t.same(values(x.grad), [30, 40])
  t.same(values(w.grad), [10, 20])
  // @ts-expect-error the arguments are those of forward
  t.throws(() => Scaled.apply(x))
  t.end()
})

t.test('its gradient passes the numerical check', (t) => {
  const inputs = [0, 1].map(() => randn([3], { dtype: 'float64', requiresGrad: true }))
  t.ok(gradcheck((x, w) => Scaled.apply(x, w, 2).tanh(), inputs) < 1e-6)
  t.ok(
    gradcheck(
      (x) => {
        const [a, b] = MinMax.apply(x)
        return a!.mul(b!)
      },
      [inputs[0]!],
    ) < 1e-6,
  )
  t.end()
})

t.test('needsInputGrad says which gradients are wanted', (t) => {
  const seen: unknown[] = []
  class Spy extends autograd.Function {
    static forward(ctx: autograd.Context, a: Tensor, _name: string, b: Tensor) {
      seen.push([...ctx.needsInputGrad])
      return a.add(b)
    }
    static backward(ctx: autograd.Context, dy: Tensor) {
      seen.push([...ctx.needsInputGrad])
      return [dy, null, dy]
    }
  }
  const [a, b] = [leaf(1), tensor([2])]
  Spy.apply(a, 'name', b).sum().backward()
  t.same(seen, [
    [true, false, false],
    [true, false, false],
  ])
  t.same(values(a.grad), [1])
  t.equal(b.grad, undefined)
  t.notOk(noGrad(() => Spy.apply(a, 'name', b)).requiresGrad)
  t.notOk(Spy.apply(b, 'name', b).requiresGrad)
  t.end()
})

t.test('several results: zeros stand for gradients that did not arrive', (t) => {
  const x = leaf(1, 3)
  const [twice, square, largest] = MinMax.apply(x)
  t.notOk(largest!.requiresGrad)
  square!.sum().backward(undefined, { retainGraph: true })
  t.same(values(x.grad), [2, 6])
  twice!.sum().backward()
  t.same(values(x.grad), [4, 8])
  t.throws(() => square!.sum().backward(), { name: 'AutogradError', message: /graph through MinMax was already freed/ })
  t.end()
})

t.test('an argument that is handed on is another tensor on the tape', (t) => {
  class Reverse extends autograd.Function {
    static forward(_: autograd.Context, x: Tensor) {
      return x
    }
    static backward(_: autograd.Context, dy: Tensor) {
      return dy.mul(-1)
    }
  }
  const x = leaf(1, 2)
  const y = Reverse.apply(x)
  t.not(y, x)
  t.ok(x.isLeaf)
  y.mul(3).sum().backward()
  t.same(values(x.grad), [-3, -3])
  t.end()
})

t.test('results marked as not differentiable cut the tape', (t) => {
  class Split extends autograd.Function {
    static forward(ctx: autograd.Context, x: Tensor): [Tensor, Tensor] {
      const constant = x.mul(2)
      ctx.markNonDifferentiable(constant)
      return [x.mul(3), constant]
    }
    static backward(_: autograd.Context, dy: Tensor, dconstant: Tensor) {
      t.same(values(dconstant), [0])
      return dy.mul(3)
    }
  }
  const x = leaf(1)
  const [y, constant] = Split.apply(x)
  t.notOk(constant.requiresGrad)
  y.sum().backward()
  t.same(values(x.grad), [3])
  t.end()
})

t.test('a wrong number of gradients, or ones that do not fit, are errors that name the function', (t) => {
  const given = (gradients: unknown) => {
    class Wrong extends autograd.Function {
      static forward(_: autograd.Context, x: Tensor, factor: number) {
        return x.mul(factor)
      }
      static backward(): Tensor {
        return gradients as Tensor
      }
    }
    return () => Wrong.apply(leaf(1, 2), 2).sum().backward()
  }
  t.throws(given(zeros([2])), {
    name: 'AutogradError',
    message: 'Wrong.backward: expected 2 gradients, one for each argument of forward, got 1',
  })
  t.throws(given([zeros([3]), undefined]), {
    name: 'ShapeError',
    message: /Wrong\.backward, argument 0: .*\[2\], got \[3\]/,
  })
  t.throws(given([zeros([2], { dtype: 'float64' }), null]), { name: 'DTypeError', message: /Wrong/ })
  t.throws(given([zeros([2], { device: 'cpu:1' }), null]), { name: 'DeviceError', message: /Wrong/ })
  t.throws(given([7, null]), { name: 'TypeError', message: /Wrong/ })
  t.throws(given([zeros([2]), zeros([1])]), { name: 'AutogradError', message: /argument 1, which is no tensor/ })
  t.doesNotThrow(given([undefined, undefined]))
  t.end()
})

t.test('forward must give tensors, and both methods must be there', (t) => {
  class Nothing extends autograd.Function {
    static forward() {
      return 3 as unknown as Tensor
    }
    static backward() {
      return undefined
    }
  }
  t.throws(() => Nothing.apply(), { name: 'TypeError', message: /Nothing\.forward: expected a tensor .* got 3/ })
  class Half extends autograd.Function {}
  t.throws(() => autograd.Function.apply.call(Half as never) as unknown, {
    name: 'TypeError',
    message: /Half: expected static/,
  })
  t.end()
})

t.test('what was saved is freed by backward, and watched for changes in place', (t) => {
  const x = leaf(1, 2)
  const before = memory().tensors
  scope(() => Scaled.apply(x, x, 2).sum().backward())
  t.equal(memory().tensors, before + 1)
  scope(() => {
    const w = tensor([1, 1])
    const y = Scaled.apply(x, w, 2).sum()
    w.copy_([0, 0])
    t.throws(() => y.backward(), { name: 'AutogradError', message: /Scaled had saved was changed in place/ })
  })
  scope(() => {
    const [a] = MinMax.apply(x)
    a!.sum().backward()
  })
  t.equal(memory().tensors, before + 1, 'several results leave nothing behind either')
  t.end()
})
