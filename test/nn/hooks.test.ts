import t from 'tap'
import { memory, nn, keep, noGrad, scope, tensor, type Tensor } from 'convcore'

const values = (x: Tensor | undefined) => x && [...x.dataSync()]

class Scale extends nn.Module {
  weight = new nn.Parameter(tensor([2]))
  forward(x: Tensor, times = 1): Tensor {
    return x.mul(this.weight).mul(times)
  }
}

t.test('a forward hook sees the call and may replace its output', (t) => {
  const layer = new Scale()
  const seen: unknown[] = []
  const first = layer.registerForwardHook((module, [x, times], y: Tensor) => {
    seen.push(module === layer, values(x), times, values(y))
  })
  layer.registerForwardHook((_, __, y) => y.mul(10))
  t.same(values(layer(tensor([1, 2]), 3)), [60, 120])
  t.same(seen, [true, [1, 2], 3, [6, 12]])
  first.remove()
  layer(tensor([1]))
  t.equal(seen.length, 4)
  t.end()
})

t.test('a pre-hook may replace the arguments', (t) => {
  const layer = new Scale()
  const one = layer.registerForwardPreHook((_, [x]) => x.mul(5))
  t.same(values(layer(tensor([1]))), [10])
  layer.registerForwardPreHook((_, [x]) => [x, 7])
  t.same(values(layer(tensor([1]))), [70])
  one.remove()
  t.same(values(layer(tensor([1]))), [14])
  t.end()
})

t.test('a hook that keeps an output may store it beyond the scope', (t) => {
  const layer = new Scale()
  let kept: Tensor | undefined
  layer.registerForwardHook((_, __, y) => void (kept = keep(y.detach())))
  scope(() => void layer(tensor([1])))
  t.same(values(kept), [2])
  t.end()
})

t.test('a full backward hook sees the gradients on both sides and may replace those of the arguments', (t) => {
  const layer = new Scale()
  const x = tensor([1, 2], { requiresGrad: true })
  const seen: unknown[] = []
  const handle = layer.registerFullBackwardHook((module, gradInput, gradOutput) => {
    seen.push(module === layer, gradInput.map(values), gradOutput.map(values))
    return [gradInput[0]!.mul(100), undefined]
  })
  layer(x, 3)
    .mul(tensor([1, 10]))
    .sum()
    .backward()
  t.same(seen, [true, [[6, 60], undefined], [[1, 10]]])
  t.same(values(x.grad), [600, 6000])
  t.same(values(layer.weight.grad), [63])
  handle.remove()
  layer(x).sum().backward()
  t.equal(seen.length, 3)
  t.end()
})

t.test('it is called where no argument requires a gradient, and not without a tape', (t) => {
  const layer = new Scale()
  let calls = 0
  layer.registerFullBackwardHook((_, gradInput, gradOutput) => {
    calls++
    t.same(gradInput, [undefined])
    t.same(values(gradOutput[0]), [1])
  })
  layer(tensor([3]))
    .sum()
    .backward()
  t.equal(calls, 1)
  t.notOk(noGrad(() => layer(tensor([3]))).requiresGrad)
  t.end()
})

t.test('several arguments and results', (t) => {
  class Swap extends nn.Module {
    forward(a: Tensor, b: Tensor): [Tensor, Tensor] {
      return [b.mul(2), a.mul(3)]
    }
  }
  const swap = new Swap()
  const [a, b] = [tensor([1], { requiresGrad: true }), tensor([1], { requiresGrad: true })]
  const seen: unknown[] = []
  swap.registerFullBackwardHook((_, gradInput, gradOutput) => {
    seen.push(gradInput.map(values), gradOutput.map(values))
  })
  const [y, z] = swap(a, b)
  y.add(z.mul(10)).sum().backward()
  t.same(seen, [
    [[30], [2]],
    [[1], [10]],
  ])
  t.same([values(a.grad), values(b.grad)], [[30], [2]])
  t.end()
})

t.test('backward hooks leave nothing behind but what they keep', (t) => {
  const layer = new Scale()
  let kept: Tensor | undefined
  layer.registerFullBackwardHook((_, __, [dy]) => void (kept = keep(dy!)))
  const before = memory().tensors
  scope(() =>
    layer(tensor([3], { requiresGrad: true }))
      .sum()
      .backward(),
  )
  t.same(values(kept), [1])
  kept!.dispose()
  layer.zeroGrad()
  t.ok(memory().tensors <= before + 1, 'at most the gradient of the input, which the collector frees')
  t.end()
})

t.test('what hooks give must fit', (t) => {
  const layer = new Scale()
  const x = tensor([1, 2], { requiresGrad: true })
  const refused = (result: unknown, error: { name: string; message?: RegExp }) => {
    const handle = layer.registerFullBackwardHook(() => result as never)
    t.throws(() => layer(x).sum().backward(), error)
    handle.remove()
  }
  refused([], { name: 'AutogradError', message: /expected 1 gradients, .* Scale, got 0/ })
  refused([tensor([1])], { name: 'ShapeError', message: /registerFullBackwardHook: .* \[2\], got \[1\]/ })
  refused([3], { name: 'TypeError' })
  class Strange extends nn.Module {
    forward(x: Tensor) {
      return { x }
    }
  }
  const strange = new Strange()
  strange.registerFullBackwardHook(() => undefined)
  t.throws(() => strange(x), {
    name: 'TypeError',
    message: /gives tensors or an array of them, got an instance of Object/,
  })
  t.throws(() => layer.registerForwardHook(3 as never), { name: 'TypeError', message: /registerForwardHook/ })
  t.end()
})

t.test('hooks see layers that Sequential would run in one pass', (t) => {
  const net = new nn.Sequential(new nn.BatchNorm1d(1), new nn.ReLU())
  const outputs: unknown[] = []
  net.eval()
  const x = tensor([[-1], [1]])
  const plain = values(net(x))
  for (const i of [0, 1])
    net.at(i)!.registerForwardHook((_, __, y) => void outputs.push(values(y as Tensor)!.map(Math.sign)))
  t.same(values(net(x)), plain)
  t.same(outputs, [
    [-1, 1],
    [0, 1],
  ])
  t.end()
})
