import {
  backends,
  batchNorm,
  compile,
  conv2d,
  type CpuConvAlgorithm,
  crossEntropy,
  manualSeed,
  nn,
  noGrad,
  ones,
  optim,
  rand,
  randn,
  relu,
  scope,
  tensor,
  type Tensor,
  toChannelsLast,
} from 'convcore'
import t from 'tap'
import { type Case, inputValues } from './ops/case.js'
import { families } from './ops/families.js'
import { onEveryIsa } from './ops/isa.js'
import { fill, type Float } from './ops/place.js'

const values = (x: Tensor) => Array.from(x.dataSync())

/** ‖got − want‖ / ‖want‖ */
function relativeError(got: Tensor, want: Tensor): number {
  const [a, b] = [values(got), values(want)]
  const norm = (x: readonly number[]) => Math.hypot(...x)
  return norm(a.map((value, i) => value - b[i]!)) / (norm(b) || 1)
}

const asImages = (x: Tensor) => (x.rank === 4 || x.rank === 5 ? toChannelsLast(x) : x)

/** Statistics and parameters of a normalisation of y, and a tensor like y. */
function constantsFor(y: Tensor) {
  const channels = [y.shape[1]!]
  const like = randn(y.shape)
  const made = [randn(channels), rand(channels).add(0.5), randn(channels), randn(channels)]
  const residual = y.layout === 'channelsLast' ? toChannelsLast(like) : like
  return [...made, residual].map((x) => x.to(y.dtype)) as [Tensor, Tensor, Tensor, Tensor, Tensor]
}
type Constants = ReturnType<typeof constantsFor>

/** What comes after a convolution. */
const followers: Record<string, (y: Tensor, constants: Constants) => Tensor> = {
  nothing: (y) => y,
  'a ReLU': (y) => relu(y),
  'a sum': (y, [, , , , residual]) => y.add(residual),
  'a sum and a ReLU': (y, [, , , , residual]) => relu(residual.add(y)),
  'batch norm with ReLU': (y, [mean, variance, weight, bias]) =>
    batchNorm(y, mean, variance, weight, bias, { relu: true }),
  'batch norm without parameters': (y, [mean, variance]) => batchNorm(y, mean, variance),
  'batch norm, a sum and a ReLU': (y, [mean, variance, weight, bias, residual]) =>
    relu(batchNorm(y, mean, variance, weight, bias).add(residual)),
  'two batch norms': (y, [mean, variance, weight, bias]) =>
    batchNorm(batchNorm(y, mean, variance, weight, bias), mean, variance, weight),
  'uses of each result between them': (y, [mean, variance, weight, bias]) => {
    const normal = batchNorm(y, mean, variance, weight, bias)
    return relu(normal).add(normal).add(y)
  },
}

function check(test: Case, dtype: Float, follow: (typeof followers)[string], what: string): void {
  scope(() => {
    const [x, ...rest] = fill(test, inputValues(test), { dtype, placement: 'channels last' }) as [Tensor, ...Tensor[]]
    for (const each of [x, ...rest]) each.requiresGrad = false
    manualSeed(1)
    const constants = constantsFor(noGrad(() => test.op(x, ...rest)))
    const step = (x: Tensor) => follow(test.op(x, ...rest), constants)
    const compiled = compile(step)
    for (let i = 0; i < 3; i++) {
      const image = asImages(randn(x.shape)).to(dtype)
      const error = relativeError(
        compiled(image),
        noGrad(() => step(image)),
      )
      if (!(error <= (dtype === 'float32' ? 1e-5 : 1e-13))) t.fail(`${test.name}, ${what}, ${dtype}: error ${error}`)
    }
    compiled.dispose()
  })
}

const larger = ([name, x, weight, stride]: (typeof shapes)[number]): Case => ({
  name: `conv2d: ${name}`,
  inputs: [{ shape: x }, { shape: weight }, { shape: [weight[0]!] }],
  op: (x, weight, bias) => conv2d(x, weight, bias, { padding: 1, stride }),
  reference: () => ({ shape: [], data: new Float64Array() }),
})
const shapes: [name: string, x: number[], weight: number[], stride: number][] = [
  ['few tiles, many weights', [1, 380, 7, 7], [400, 380, 3, 3], 1],
  ['few tiles', [1, 64, 7, 7], [100, 64, 3, 3], 1],
  ['more tiles than filters', [2, 33, 20, 20], [35, 33, 3, 3], 1],
  ['one vector of channels', [1, 16, 20, 22], [16, 16, 3, 3], 1],
  ['steps of two', [1, 40, 15, 15], [70, 40, 3, 3], 2],
  ['deep windows', [1, 150, 9, 9], [40, 150, 3, 3], 2],
]

const everything = 'batch norm, a sum and a ReLU'

t.test('compiled convolutions equal plain ones, whatever follows', (t) => {
  for (const test of families.conv!.cases)
    for (const [what, follow] of Object.entries(followers))
      for (const dtype of ['float32', 'float64'] as const) check(test, dtype, follow, what)
  t.pass()
  t.end()
})

for (const algorithm of ['auto', 'gemm', 'direct', 'winograd'] as CpuConvAlgorithm[])
  t.test(`compiled convolutions equal plain ones in each way that they go: ${algorithm}`, (t) => {
    backends.cpu.convAlgorithm = algorithm
    t.teardown(() => (backends.cpu.convAlgorithm = 'auto'))
    for (const test of [...families.conv!.cases, ...shapes.map(larger)])
      check(test, 'float32', followers[everything]!, everything)
    t.pass()
    t.end()
  })

const network = () => {
  const block = () =>
    new nn.Sequential(new nn.Conv2d(8, 8, 3, { padding: 1, bias: false }), new nn.BatchNorm2d(8), new nn.ReLU())
  return new nn.Sequential(
    new nn.Conv2d(2, 8, 3),
    new nn.ReLU(),
    block(),
    block(),
    new nn.MaxPool2d(2),
    new nn.Flatten(),
    new nn.Linear(8 * 9, 3),
  )
}

t.test('a compiled model follows its parameters when they change', (t) => {
  manualSeed(2)
  const model = network()
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 })
  const predict = compile(model.eval())
  for (let i = 0; i < 4; i++) {
    model.train()
    crossEntropy(model(randn([6, 2, 8, 8])), tensor(Int32Array.of(0, 1, 2, 0, 1, 2))).backward()
    optimizer.step()
    optimizer.zeroGrad()
    model.eval()
    for (let j = 0; j < 3; j++) {
      const x = randn([4, 2, 8, 8])
      t.ok(
        relativeError(
          predict(x),
          noGrad(() => model(x)),
        ) < 1e-5,
      )
    }
  }
  model.loadStateDict(network().stateDict())
  const x = randn([4, 2, 8, 8])
  for (let j = 0; j < 3; j++)
    t.ok(
      relativeError(
        predict(x),
        noGrad(() => model(x)),
      ) < 1e-5,
    )
  t.end()
})

t.test('results are bit for bit the same from call to call, and off the tape', (t) => {
  const predict = compile(network().eval())
  const x = randn([4, 2, 8, 8])
  predict(x)
  const once = values(predict(x))
  for (let i = 0; i < 3; i++) t.same(values(predict(x)), once)
  t.notOk(predict(x).requiresGrad)
  t.end()
})

t.test('a weight that is no constant is not taken for one', (t) => {
  const step = compile((x: Tensor, weight: Tensor) => relu(conv2d(x, weight)))
  const x = toChannelsLast(ones([1, 1, 3, 3]))
  for (const v of [1, 2, 3, 4]) t.equal(step(x, toChannelsLast(ones([1, 1, 3, 3]).mul(v))).itemSync(), 9 * v)
  t.end()
})

t.test('a model in training is refused, and is not run', (t) => {
  const model = network()
  const before = Array.from(model.buffers(), values)
  t.throws(
    () => compile(model)(randn([4, 2, 8, 8])),
    /compile: expected modules in evaluation mode, got a \w+ in training/,
  )
  model.training = false
  t.throws(() => compile(model)(randn([4, 2, 8, 8])), /got a \w+ in training/, 'a layer in training')
  t.same(Array.from(model.buffers(), values), before)
  t.throws(() => compile(3 as never), /compile: expected a function, got 3/)
  t.throws(() => compile((x: Tensor) => tensor([x.itemSync()]))(tensor([1])), { code: 'ERR_CAPTURE' })
  t.end()
})

onEveryIsa(import.meta.filename)
