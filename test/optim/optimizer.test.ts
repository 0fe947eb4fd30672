import t from 'tap'
import { memory, nn, ones, optim, scope, type Tensor, tensor, zeros } from 'convcore'
import { makers } from './makers.js'

t.test('groups have options of their own', async (t) => {
  const [slow, fast] = [new nn.Parameter(tensor([0])), new nn.Parameter(tensor([0]))]
  const sgd = new optim.SGD([{ params: [slow] }, { params: [fast], lr: 10 }], { lr: 1 })
  for (const p of [slow, fast]) p.grad = tensor([1])
  sgd.step()
  t.equal(await slow.item(), -1)
  t.equal(await fast.item(), -10)
  t.same(
    sgd.paramGroups.map((group) => group.lr),
    [1, 10],
  )
})

t.test('parameters of several devices and dtypes go together', async (t) => {
  const params = [{ device: 'cpu:1' }, { dtype: 'float64' }, {}].map(
    (options) => new nn.Parameter(zeros([1], options as object)),
  )
  const adam = new optim.Adam(params, { lr: 1 })
  for (const p of params) p.grad = tensor([2], { dtype: p.dtype, device: p.device })
  adam.step()
  for (const p of params) t.ok(Math.abs((await p.item()) + 1) < 1e-6)
})

t.test('parameters without gradients are left alone and have no state', async (t) => {
  const fc = new nn.Linear(2, 2)
  const adam = new optim.Adam(fc.parameters())
  fc.weight.grad = zeros([2, 2])
  adam.step()
  t.same([...adam.state.keys()], [fc.weight])
  t.equal(adam.state.get(fc.weight)?.step, 1)
})

t.test('zeroGrad frees the gradients', async (t) => {
  const fc = new nn.Linear(2, 2)
  const sgd = new optim.SGD(fc.parameters())
  const before = memory().tensors
  scope(() =>
    fc(zeros([1, 2]))
      .sum()
      .backward(),
  )
  t.equal(memory().tensors, before + 2)
  sgd.zeroGrad()
  t.equal(memory().tensors, before)
})

t.test('state outlives the scope of the step and shares the layout of its parameter', async (t) => {
  const conv = new nn.Conv2d(2, 3, 3)
  const adam = new optim.Adam(conv.parameters())
  for (let i = 0; i < 2; i++)
    scope(() => {
      conv(zeros([1, 2, 4, 4]))
        .sum()
        .backward()
      adam.step()
      adam.zeroGrad()
    })
  const state = adam.state.get(conv.weight)
  t.notOk(state?.expAvg.disposed)
  t.equal(state?.expAvg.layout, 'channelsLast')
})

t.test('a graph made before a step cannot be walked after it', async (t) => {
  const fc = new nn.Linear(2, 1)
  const sgd = new optim.SGD(fc.parameters(), { lr: 1 })
  const x = zeros([1, 2], { requiresGrad: true })
  fc.weight.grad = zeros([1, 2])
  const y = fc(x).sum()
  sgd.step()
  t.throws(() => y.backward(), { name: 'AutogradError', message: /changed in place/ })
})

t.test('an optimizer of nothing, of results or of the same twice is refused', async (t) => {
  const p = new nn.Parameter(tensor([1]))
  t.throws(() => new optim.Adam([]), { message: 'Adam: expected at least one parameter, got none' })
  t.throws(() => new optim.SGD([p, p]), { message: 'SGD: expected each parameter once, got one of shape [1] twice' })
  t.throws(() => new optim.SGD([{ params: [p] }, { params: [p] }]), /expected each parameter once/)
  t.throws(() => new optim.SGD([p.mul(2)]), {
    name: 'TypeError',
    message: 'SGD: expected leaf tensors as parameters, got the result of an op, of shape [1]',
  })
  t.throws(() => new optim.SGD(['weight' as never]), {
    name: 'TypeError',
    message: 'SGD: expected leaf tensors as parameters, got "weight"',
  })
})

t.test('a gradient that lies in another layout than its parameter is paired by index', async (t) => {
  const conv = new nn.Conv2d(2, 1, [1, 2], { bias: false })
  conv.weight.copy_([0, 0, 0, 0])
  conv.weight.grad = tensor([1, 2, 3, 4], { shape: [1, 2, 1, 2] })
  new optim.SGD([conv.weight], { lr: 1 }).step()
  t.same([...(await conv.weight.data())], [-1, -2, -3, -4])
})

t.test('a gradient must fit, and belongs to no scope', (t) => {
  const p = tensor([1, 2], { requiresGrad: true })
  t.throws(() => (p.grad = ones([3])), {
    name: 'ShapeError',
    message: /grad: expected a gradient of shape \[2\], got \[3\]/,
  })
  t.throws(() => (p.grad = ones([2], { dtype: 'float64' }) as Tensor), { name: 'DTypeError' })
  t.throws(() => (p.grad = ones([2], { device: 'cpu:1' })), { name: 'DeviceError' })
  scope(() => {
    p.grad = ones([2]).mul(3)
  })
  new optim.SGD([p], { lr: 1 }).step()
  t.same([...p.dataSync()], [-2, -1])
  t.end()
})

t.test('what an optimizer remembers follows its parameters to another dtype', (t) => {
  const layer = new nn.Linear(2, 1)
  const optimizer = new optim.Adam(layer.parameters())
  const step = () => {
    layer(ones([1, 2], { dtype: layer.weight.dtype }))
      .sum()
      .backward()
    optimizer.step()
    optimizer.zeroGrad()
  }
  step()
  layer.to('float64')
  step()
  t.equal(layer.weight.dtype, 'float64')
  t.throws(() => layer.to('int32'), { name: 'DTypeError', message: /got int32/ })
  t.end()
})

t.test('groups are added later, and a refused one leaves no trace', async (t) => {
  const [first, second] = [new nn.Parameter(tensor([0])), new nn.Parameter(tensor([0]))]
  const sgd = new optim.SGD([first], { lr: 1, momentum: 0.5 })
  t.throws(() => sgd.addParamGroup({ params: [second, first] }), /expected each parameter once/)
  t.throws(() => sgd.addParamGroup({ params: [second], lr: -1 }), { message: 'SGD: expected lr >= 0, got -1' })
  sgd.addParamGroup({ params: [second], lr: 2 })
  t.same(
    sgd.paramGroups.map(({ lr, momentum }) => [lr, momentum]),
    [
      [1, 0.5],
      [2, 0.5],
    ],
  )
  second.grad = tensor([1])
  sgd.step()
  t.equal(await second.item(), -2)
})

/** The i-th of many parameters, with a gradient. */
function trained(i: number, size: number): Tensor {
  const p = tensor(
    Float32Array.from({ length: size }, (_, j) => Math.sin(i + j)),
    { requiresGrad: true },
  )
  p.grad = tensor(Float32Array.from({ length: size }, (_, j) => Math.cos(i * j)))
  return p
}

for (const [name, make] of Object.entries(makers)) {
  t.test(`${name} does to many tensors, long and empty ones too, what it does to each alone`, async (t) => {
    const sizes = [9001, 0, ...Array.from({ length: 43 }, (_, i) => i)]
    const options = name === 'SGD' ? { momentum: 0.9 } : {}
    const [together, alone] = [sizes.map((size, i) => trained(i, size)), sizes.map((size, i) => trained(i, size))]
    const optimizers = [make(together, options), ...alone.map((p) => make([p], options))]
    for (let step = 0; step < 2; step++) for (const optimizer of optimizers) optimizer.step()
    for (const [i, p] of together.entries()) t.same(p.dataSync(), alone[i]!.dataSync(), `tensor ${i}`)
  })

  t.test(`${name} behind a gradient scaler`, async (t) => {
    const [p, q] = [trained(1, 5), trained(1, 5)]
    const [plain, scaled] = [make([p], {}), make([q], {})]
    const scaler = new optim.GradScaler({ initScale: 1024 })
    plain.step()
    q.grad = q.grad!.mul(1024)
    t.equal(await scaler.step(scaled), true)
    scaler.update()
    t.same(q.dataSync(), p.dataSync())
    const remembered = () =>
      Object.values(scaled.stateDict().state[0] ?? {}).map((v) => (typeof v === 'number' ? v : v.dataSync()))
    const before = remembered()
    q.grad = tensor([1, 2, Infinity, 4, 5])
    t.equal(await scaler.step(scaled), false)
    t.same(q.dataSync(), p.dataSync(), 'an overflow leaves the parameters alone')
    t.same(remembered(), before, 'and what is remembered of them')
  })
}

t.test('gradients are clipped between unscale_ and step', async (t) => {
  const p = tensor([0, 0], { requiresGrad: true })
  const sgd = new optim.SGD([p], { lr: 1 })
  const scaler = new optim.GradScaler({ initScale: 8 })
  p.grad = tensor([24, 32])
  scaler.unscale_(sgd)
  t.equal(await optim.clipGradNorm([p], 1).item(), 5)
  await scaler.step(sgd)
  for (const [i, want] of [-0.6, -0.8].entries()) t.ok(Math.abs(p.dataSync()[i]! - want) < 1e-6)
})

t.test('frozen parameters stay, and learn again when their gradients come back', async (t) => {
  const net = new nn.Sequential(new nn.Linear(2, 2), new nn.Linear(2, 1))
  const [frozen, free] = [...net.children()] as [nn.Linear, nn.Linear]
  const adam = new optim.Adam(net.parameters(), { lr: 0.1 })
  const step = () => {
    net(ones([1, 2]))
      .sum()
      .backward()
    adam.step()
    adam.zeroGrad()
    return [frozen, free].map((layer) => layer.bias!.dataSync())
  }
  frozen.requiresGrad_(false)
  const start = frozen.bias!.dataSync()
  t.same(step()[0], start)
  t.notOk(adam.state.has(frozen.bias!))
  frozen.requiresGrad_(true)
  t.notSame(step()[0], start)
  t.equal(adam.state.get(frozen.bias!)!.step, 1)
  t.equal(adam.state.get(free.bias!)!.step, 2)
})
