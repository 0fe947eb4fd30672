import t from 'tap'
import { memory, nn, ones, optim, scope, type Tensor, tensor, zeros } from 'convcore'
import { fixture } from '../fixture.js'

type Values = Record<string, number[]>

interface Recorded {
  shapes: Values
  gradients: Values[]
  clips: { maxNorm: number; normType: string; norm: number; clipped: Values }[]
}

const { shapes, gradients, clips } = await fixture<Recorded>('optim')

/** A parameter with a gradient. */
function trained(gradient: Tensor): Tensor {
  const p = zeros(gradient.shape, { dtype: gradient.dtype, device: gradient.device, requiresGrad: true })
  p.grad = gradient
  return p
}

const near = (a: ArrayLike<number>, b: ArrayLike<number>, limit = 1e-12) =>
  a.length === b.length && Array.from(a).every((v, i) => Math.abs(v - b[i]!) <= limit * Math.max(1, Math.abs(b[i]!)))

for (const { maxNorm, normType, norm, clipped } of clips)
  t.test(`clipGradNorm to ${maxNorm} of the ${normType}-norm is PyTorch's`, async (t) => {
    const params = Object.entries(shapes).map(([key, shape]) =>
      trained(tensor(Float64Array.from(gradients[0]![key]!), { shape })),
    )
    const p = normType === 'inf' ? Infinity : Number(normType)
    const total = optim.clipGradNorm(params, maxNorm, { normType: p })
    t.same(total.shape, [])
    t.ok(near([await total.item()], [norm]), `${await total.item()} for ${norm}`)
    for (const [i, key] of Object.keys(shapes).entries()) t.ok(near(await params[i]!.grad!.data(), clipped[key]!), key)
  })

t.test('many tensors and long ones make one norm, run after run the same bits', async (t) => {
  const sizes = [1, 100_000, 0, 3, ...Array.from({ length: 60 }, (_, i) => i)]
  const make = () =>
    sizes.map((n, i) => trained(tensor(Float32Array.from({ length: n }, (_, j) => Math.sin(i + j) * 100))))
  const values = make().flatMap((p) => [...p.grad!.dataSync()])
  const expected = {
    1: values.reduce((sum, v) => sum + Math.abs(v), 0),
    2: Math.sqrt(values.reduce((sum, v) => sum + v * v, 0)),
    3: Math.cbrt(values.reduce((sum, v) => sum + Math.abs(v) ** 3, 0)),
    Infinity: values.reduce((top, v) => Math.max(top, Math.abs(v)), 0),
  }
  for (const [p, want] of Object.entries(expected)) {
    const params = make()
    const total = await optim.clipGradNorm(params, want / 2, { normType: Number(p) }).item()
    t.ok(near([total], [want], 1e-6), `${total} for ${want}`)
    const after = optim.clipGradNorm(params, Infinity, { normType: Number(p) })
    t.ok(near([await after.item()], [want / 2], 1e-5), 'and half of it is left')
    t.equal(await optim.clipGradNorm(make(), 1, { normType: Number(p) }).item(), total)
  }
})

t.test('gradients of several devices and dtypes have one norm', async (t) => {
  const params = [tensor([3]), tensor([4], { dtype: 'float64' }), tensor([12], { device: 'cpu:1' })].map(trained)
  const total = optim.clipGradNorm(params, 6.5)
  t.equal(total.dtype, 'float64')
  t.equal(total.device, params[0]!.device)
  t.equal(await total.item(), 13)
  for (const [i, want] of [1.5, 2, 6].entries()) t.ok(Math.abs((await params[i]!.grad!.item()) - want) < 1e-5)
})

t.test('parameters without gradients do not count, shared ones count once', async (t) => {
  const [p, bare] = [trained(tensor([3, 4])), zeros([7], { requiresGrad: true })]
  t.equal(await optim.clipGradNorm([p, bare, p], 10).item(), 5)
  t.equal(await optim.clipGradNorm(p, 10).item(), 5, 'and one parameter needs no list')
  t.equal(await optim.clipGradNorm([bare], 10).item(), 0)
  t.equal(bare.grad, undefined)
  optim.clipGradValue([bare], 1)
})

t.test('a norm that is not finite', async (t) => {
  for (const bad of [NaN, Infinity]) {
    const p = trained(tensor([1, bad]))
    t.throws(() => optim.clipGradNorm([p], 1, { errorIfNonFinite: true }), {
      name: 'ExecutionError',
      message: `clipGradNorm: expected gradients with a finite norm, got ${bad}`,
    })
    t.same([...(await p.grad!.data())], [1, bad], 'leaves the gradients alone when it is an error')
    for (const normType of [1, 2, 3, Infinity])
      t.same(await optim.clipGradNorm([trained(tensor([1, bad, 2]))], 1, { normType }).item(), bad)
    optim.clipGradNorm([p], 1)
    t.same([...(await p.grad!.data())], [bad === Infinity ? 0 : NaN, NaN], 'and else spoils them, as in PyTorch')
  }
})

t.test('clipGradValue clamps each element', async (t) => {
  const params = [tensor([-3, -0.5, NaN, 0.5, 3]), tensor([Infinity], { dtype: 'float64' })].map(trained)
  optim.clipGradValue(params, 1)
  t.same([...(await params[0]!.grad!.data())], [-1, -0.5, NaN, 0.5, 1])
  t.equal(await params[1]!.grad!.item(), 1)
})

t.test('clipping makes nothing but the norm, which lives in the scope around', async (t) => {
  const p = trained(ones([4]))
  const before = memory().tensors
  const total = optim.clipGradNorm([p], 1)
  t.equal(memory().tensors, before + 1)
  total.dispose()
  scope(() => optim.clipGradNorm([p], 1))
  t.equal(memory().tensors, before + 1, 'a scope hands on what it returns')
})

t.test('misuse is refused', async (t) => {
  const params = [...new nn.Linear(1, 1).parameters()]
  const refused: [() => unknown, string][] = [
    [() => optim.clipGradNorm(params, -1), 'clipGradNorm: expected maxNorm >= 0, got -1'],
    [() => optim.clipGradNorm(params, NaN), 'clipGradNorm: expected maxNorm >= 0, got NaN'],
    [() => optim.clipGradNorm(params, 1, { normType: 0 }), 'clipGradNorm: expected normType > 0, got 0'],
    [() => optim.clipGradValue(params, -1), 'clipGradValue: expected clipValue >= 0, got -1'],
  ]
  for (const [call, message] of refused) t.throws(call, { name: 'RangeError', message })
  t.throws(() => optim.clipGradNorm(['weight' as never], 1), { name: 'TypeError', message: /got "weight"/ })
  const gone = zeros([1])
  gone.dispose()
  t.throws(() => optim.clipGradValue([gone], 1), { name: 'DisposedError' })
})
