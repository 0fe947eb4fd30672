import {
  add,
  autocast,
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  cat,
  conv1d,
  conv2d,
  conv3d,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  crossEntropy,
  data,
  dropout2d,
  type DType,
  groupNorm,
  instanceNorm,
  io,
  klDiv,
  localResponseNorm,
  logSoftmax,
  manualSeed,
  matmul,
  mean,
  memory,
  mul,
  nllLoss,
  nn,
  noGrad,
  ones,
  optim,
  randn,
  scope,
  smoothL1Loss,
  softmax,
  sum,
  tensor,
  type Tensor,
  train,
} from 'convcore'
import t from 'tap'
import { makers } from '../optim/makers.js'
import { skip } from './cuda.js'

const device = 'cuda'
const halves = ['float16', 'bfloat16'] as const

t.test('autocast runs each op in the dtype of its list', { skip }, async (t) => {
  const x = randn([2, 3], { device })
  const image = randn([1, 2, 4, 4], { device })
  const volume = randn([1, 2, 2, 3, 3], { device })
  const labels = tensor(Int32Array.of(0, 2), { device })
  for (const dtype of halves) {
    const half = x.to(dtype)
    const expected: Record<string, [DType, () => Tensor]> = {
      matmul: [dtype, () => matmul(x, x, { transposeB: true })],
      'matmul of float64': ['float64', () => matmul(x.to('float64'), x.to('float64'), { transposeB: true })],
      conv1d: [dtype, () => conv1d(randn([1, 2, 4], { device }), randn([3, 2, 2], { device }))],
      conv2d: [dtype, () => conv2d(image, image)],
      conv3d: [dtype, () => conv3d(volume, volume)],
      convTranspose1d: [dtype, () => convTranspose1d(randn([1, 2, 4], { device }), randn([2, 3, 2], { device }))],
      convTranspose2d: [dtype, () => convTranspose2d(image, randn([2, 3, 2, 2], { device }))],
      convTranspose3d: [dtype, () => convTranspose3d(volume, randn([2, 3, 1, 2, 2], { device }))],
      linear: [dtype, () => new nn.Linear(3, 2, { device })(x)],
      softmax: ['float32', () => softmax(half)],
      logSoftmax: ['float32', () => logSoftmax(half)],
      crossEntropy: ['float32', () => crossEntropy(half, labels)],
      sum: ['float32', () => sum(half)],
      mean: [dtype, () => mean(half)],
      relu: [dtype, () => half.relu()],
      'relu of float32': ['float32', () => x.relu()],
      'half + half': [dtype, () => add(half, half)],
      'half + float32': ['float32', () => add(half, x)],
      'cat of both': ['float32', () => cat([half, x])],
      layerNorm: ['float32', () => new nn.LayerNorm(3, { device })(half)],
      groupNorm: ['float32', () => groupNorm(half, 3)],
      localResponseNorm: ['float32', () => localResponseNorm(image.to(dtype), 3)],
      instanceNorm: [dtype, () => instanceNorm(image.to(dtype))],
      nllLoss: ['float32', () => nllLoss(half, labels)],
      binaryCrossEntropyWithLogits: ['float32', () => binaryCrossEntropyWithLogits(half, x.to(dtype))],
      smoothL1Loss: ['float32', () => smoothL1Loss(half, x)],
      klDiv: ['float32', () => klDiv(half, x)],
      dropout2d: [dtype, () => dropout2d(image.to(dtype))],
      'batch norm': [dtype, () => new nn.BatchNorm1d(3, { device })(half)],
    }
    for (const [name, [want, op]] of Object.entries(expected)) t.equal(autocast({ dtype }, op).dtype, want, name)
    t.equal(
      autocast({ dtype }, () => autocast({ enabled: false }, () => matmul(x, x, { transposeB: true }))).dtype,
      'float32',
    )
  }
  t.throws(() => add(x, x.to('float16')), { name: 'DTypeError' }, 'and outside nothing is promoted')
  t.throws(() => autocast({}, () => binaryCrossEntropy(ones([1], { device }), ones([1], { device }))), {
    name: 'AutogradError',
    message: /binaryCrossEntropy: expected no autocast/,
  })
})

t.test('gradients of parameters are float32, near to those without autocast', { skip }, async (t) => {
  manualSeed(5)
  const layer = new nn.Linear(8, 4, { device })
  const x = randn([6, 8], { device })
  const gradient = (loss: () => Tensor) => {
    layer.zeroGrad()
    loss().backward()
    return layer.weight.grad!.data()
  }
  const exact = await gradient(() => layer(x).mean())
  for (const dtype of halves) {
    const near = await gradient(() => autocast({ dtype }, () => layer(x).mean()))
    t.equal(layer.weight.grad!.dtype, 'float32')
    t.ok(
      near.every((v, i) => Math.abs(v - exact[i]!) < 0.02),
      dtype,
    )
  }
})

t.test('a parameter is cast once in a region, and again when it has changed', { skip }, async (t) => {
  const p = new nn.Parameter(tensor([[1, 2]], { device }))
  const x = tensor([[1], [1]], { device, dtype: 'bfloat16' })
  const live = memory(device).tensors
  const changed = autocast({ dtype: 'bfloat16' }, () => {
    const results = [matmul(p, x), matmul(p, x)]
    t.equal(memory(device).tensors - live, 3, 'two results and one cast')
    for (const y of results) y.backward()
    noGrad(() => p.copy_([3, 4]))
    const y = matmul(p, x)
    y.backward()
    return y
  })
  t.equal(await changed.item(), 7)
  t.same([...(await p.grad!.data())], [3, 3], 'the gradients of all uses arrive')
})

t.test('half tensors are made, read, copied and saved', { skip }, async (t) => {
  const values = [0, -0, 1.5, -2, 2 ** -24, 65504, Infinity, NaN]
  for (const dtype of halves) {
    const x = tensor(values, { dtype, device })
    const read = [...(await x.data())]
    t.same(read.slice(0, 4), values.slice(0, 4))
    t.ok(Object.is(read[1], -0) && read[6] === Infinity && Number.isNaN(read[7]), dtype)
    t.same([...x.to('float32').dataSync()], read)
    const image = tensor(
      Array.from({ length: 24 }, (_, i) => i),
      { shape: [1, 2, 3, 4], dtype, device },
    )
    t.same(
      [...conv2d(image, ones([2, 1, 1, 1], { dtype, device }), undefined, { groups: 2 }).dataSync()],
      [...image.dataSync()],
    )
    const saved = io.deserialize(await io.serialize({ x, image }))
    t.same([...saved.x!.dataSync()], read, 'F16 and BF16 files hold the same values')
    t.same([...saved.image!.dataSync()], [...image.dataSync()])
  }
  t.throws(() => tensor([1], { dtype: 'float16', device }).to('cpu'), { name: 'DTypeError', message: /cpu:0/ })
})

t.test('a model in half precision keeps its normalisation exact, and its state loads back', { skip }, async (t) => {
  const model = new nn.Sequential(new nn.Conv2d(1, 2, 3), new nn.BatchNorm2d(2), new nn.ReLU())
    .to(device)
    .to('bfloat16')
  t.same(
    Object.entries(model.stateDict()).map(([name, x]) => `${name} ${x.dtype}`),
    [
      '0.weight bfloat16',
      '0.bias bfloat16',
      '1.weight float32',
      '1.bias float32',
      '1.running_mean float32',
      '1.running_var float32',
      '1.num_batches_tracked int32',
    ],
  )
  t.equal(model(randn([2, 1, 5, 5], { device }).to('bfloat16')).dtype, 'bfloat16')
  const other = new nn.Sequential(new nn.Conv2d(1, 2, 3), new nn.BatchNorm2d(2), new nn.ReLU()).to('cpu')
  model.loadStateDict(other.stateDict())
  other.loadStateDict(
    Object.fromEntries(
      Object.entries(model.stateDict()).map(([name, x]) => [
        name,
        (x.dtype === 'bfloat16' ? x.to('float32') : x).to('cpu'),
      ]),
    ),
  )
})

for (const dtype of halves)
  t.test(`a trainer learns in ${dtype}`, { skip }, async (t) => {
    manualSeed(1)
    const model = new nn.Sequential(new nn.Flatten(), new nn.Linear(784, 32), new nn.ReLU(), new nn.Linear(32, 10)).to(
      device,
    )
    const trainer = new train.Trainer(model, {
      optimizer: new optim.Adam(model.parameters(), { lr: 3e-3 }),
      loss: new nn.CrossEntropyLoss(),
      metrics: [train.accuracy],
      device,
      autocast: { dtype },
    })
    const history = await trainer.fit(data.digits({ count: 400, device: 'cpu' }), { epochs: 3, batchSize: 50 })
    const [first, last] = [history[0]!.loss, history.at(-1)!.loss]
    t.ok(last < 0.6 * first, `${first} → ${last}`)
    t.equal(trainer.scaler !== undefined, dtype === 'float16')
  })

t.test('optimizers change parameters of half precision', { skip }, async (t) => {
  for (const dtype of halves)
    for (const [name, make] of Object.entries(makers)) {
      const layer = new nn.Linear(4, 2, { dtype, device })
      const optimizer = make(layer.parameters(), { lr: name === 'Adadelta' ? 10 : 0.05 })
      const x = ones([3, 4], { dtype, device })
      const losses: number[] = []
      for (let step = 0; step < 8; step++) {
        optimizer.zeroGrad()
        const y = layer(x)
        const loss = mul(y, y).mean()
        loss.backward()
        optimizer.step()
        losses.push(await loss.item())
      }
      t.ok(losses.every(Number.isFinite), `${name}: ${losses.join()}`)
      t.ok(Math.min(...losses.slice(1)) < losses[0]!, `${name}: ${losses.join()}`)
    }
})

t.test('gradients of half precision are clipped, and weights averaged', { skip }, async (t) => {
  for (const dtype of halves) {
    const layer = new nn.Linear(2, 1, { dtype, device, bias: false })
    layer.weight.grad = tensor([[3, 4]], { dtype, device })
    const norm = optim.clipGradNorm(layer.parameters(), 2.5)
    t.equal(norm.dtype, 'float32')
    t.equal(await norm.item(), 5)
    t.same([...(await layer.weight.grad.data())], [1.5, 2])
    optim.clipGradValue(layer.parameters(), 1.75)
    t.same([...(await layer.weight.grad.data())], [1.5, 1.75])
    const ema = new optim.EMA(layer, { decay: 0.5 })
    for (const value of [1, 2]) {
      nn.init.constant_(layer.weight, value)
      ema.update()
    }
    ema.apply()
    t.same([...(await layer.weight.data())], [1.5, 1.5])
  }
})

t.test('a scope around a region frees everything', { skip }, async (t) => {
  const layer = new nn.Linear(4, 4, { device })
  const x = randn([2, 4], { device })
  const before = memory(device).tensors
  scope(() => autocast({ dtype: 'bfloat16' }, () => layer(layer(x)).mean()).backward())
  layer.zeroGrad()
  t.equal(memory(device).tensors, before)
})
