import t from 'tap'
import { autograd, tensor, type Tensor } from 'convcore'

const { detectAnomaly } = autograd
const leaf = (...v: number[]) => tensor(v, { requiresGrad: true })

t.test('the op that makes the first infinity or NaN in the forward pass is named', (t) => {
  const x = tensor([1, 0])
  t.throws(() => detectAnomaly(() => tensor([1, 1]).div(x).sub(1)), {
    name: 'AutogradError',
    message: 'detectAnomaly: div made the first anomaly in its forward pass: Infinity at element 1 of [2]',
  })
  t.throws(() => detectAnomaly(() => x.sub(1).mul(0).div(x)), { message: /div made .* NaN at element 1/ })
  t.end()
})

t.test('a value that was wrong before is not blamed on the op that got it', (t) => {
  t.throws(() => detectAnomaly(() => tensor([1, NaN]).mul(2)), {
    name: 'AutogradError',
    message: /mul got an anomaly that no op in the region made: its input 0 has NaN at element 1/,
  })
  t.end()
})

class Root extends autograd.Function {
  static forward(ctx: autograd.Context, x: Tensor) {
    const y = tensor(x.dataSync().map(Math.sqrt))
    ctx.saveForBackward(y)
    return y
  }
  static backward(ctx: autograd.Context, dy: Tensor) {
    return dy.div(ctx.savedTensors[0]!).mul(0.5)
  }
}

t.test('the op whose backward makes the first one is named, with the stack of its call', (t) => {
  const x = leaf(4, 0)
  function model() {
    return Root.apply(x).mul(3)
  }
  let error: Error | undefined
  try {
    detectAnomaly(() => model().sum().backward())
  } catch (thrown) {
    error = thrown as Error
  }
  t.match(error, {
    name: 'AutogradError',
    message:
      /Root made the first anomaly in its backward pass, in the gradient of input 0: Infinity at element 1 of \[2\]/,
  })
  t.match((error?.cause as Error).message, 'Root was called here')
  t.match((error?.cause as Error).stack, /at model .*anomaly\.test/)
  t.equal(x.grad, undefined)
  t.end()
})

t.test('a gradient that was wrong from the start is told apart', (t) => {
  const x = leaf(1)
  t.throws(() => detectAnomaly(() => x.mul(2).backward(tensor([Infinity]))), {
    message: /gradient that arrived at mul is the first anomaly: Infinity at element 0 of \[1\]/,
  })
  const outside = Root.apply(leaf(0)).sum()
  t.throws(() => detectAnomaly(() => outside.backward()), { message: /Root made .* outside of detectAnomaly/ })
  t.end()
})

t.test('what is sound passes, and nothing is watched outside', (t) => {
  const x = leaf(1, 2)
  const loss = detectAnomaly(() => {
    const loss = x.mul(x).sum()
    loss.backward()
    return loss
  })
  t.equal(loss.itemSync(), 5)
  t.same([...x.grad!.dataSync()], [2, 4])
  t.doesNotThrow(() => tensor([1]).div(0))
  t.throws(() => detectAnomaly(() => tensor([1]).div(0)))
  t.doesNotThrow(() => tensor([1]).div(0), 'nor after an error')
  t.end()
})

t.test('the region is synchronous', (t) => {
  // @ts-expect-error no promises
  t.throws(() => detectAnomaly(async () => 1), { name: 'TypeError', message: /detectAnomaly: .*promise/ })
  t.end()
})
