import {
  elu,
  gelu,
  hardsigmoid,
  hardswish,
  hardtanh,
  leakyRelu,
  maxout,
  nn,
  optim,
  prelu,
  relu6,
  selu,
  silu,
  softplus,
  tensor,
  type Tensor,
} from 'convcore'
import t from 'tap'

const x = tensor(
  Float32Array.from({ length: 24 }, (_, i) => i / 3 - 4),
  { shape: [2, 4, 3] },
)

const pairs: [nn.Module & ((x: Tensor) => Tensor), (x: Tensor) => Tensor][] = [
  [new nn.ReLU6(), relu6],
  [new nn.Hardtanh(-2, 1), (x) => hardtanh(x, -2, 1)],
  [new nn.Hardsigmoid(), hardsigmoid],
  [new nn.Hardswish(), hardswish],
  [new nn.LeakyReLU(0.3), (x) => leakyRelu(x, 0.3)],
  [new nn.ELU(2), (x) => elu(x, 2)],
  [new nn.SELU(), selu],
  [new nn.GELU(), (x) => gelu(x)],
  [new nn.GELU({ approximate: 'tanh' }), (x) => gelu(x, { approximate: 'tanh' })],
  [new nn.SiLU(), silu],
  [new nn.Softplus({ beta: 2, threshold: 5 }), (x) => softplus(x, { beta: 2, threshold: 5 })],
  [new nn.PReLU(), (x) => prelu(x, tensor([0.25]))],
  [new nn.Maxout(2), (x) => maxout(x, 2)],
]

t.test('activation modules compute what their functions compute', (t) => {
  for (const [module, op] of pairs) t.same(module(x).dataSync(), op(x).dataSync(), String(module))
  t.end()
})

t.test('PReLU learns a slope for each channel', async (t) => {
  const module = new nn.PReLU({ numParameters: 4, init: 0.5 })
  t.same(Object.keys(module.stateDict()), ['weight'])
  const optimizer = new optim.SGD(module.parameters(), { lr: 0.01 })
  module(x).sum().backward()
  optimizer.step()
  // The gradient of a slope is the sum of what was below 0 in its channel.
  const below = [0, 1, 2, 3].map((c) =>
    [0, 1].flatMap((n) => [0, 1, 2].map((i) => Math.min((n * 12 + c * 3 + i) / 3 - 4, 0))),
  )
  const expected = below.map((values) => 0.5 - 0.01 * values.reduce((a, b) => a + b, 0))
  for (const [c, weight] of (await module.weight.data()).entries())
    t.ok(Math.abs(weight - expected[c]!) < 1e-6, `channel ${c}`)
})

t.test('modules refuse what makes no sense', (t) => {
  t.throws(() => new nn.PReLU({ numParameters: 0 }), { name: 'RangeError', message: /PReLU.*numParameters.*0/ })
  t.throws(() => new nn.Maxout(1.5), { name: 'RangeError', message: /Maxout.*pieces.*1\.5/ })
  t.end()
})
