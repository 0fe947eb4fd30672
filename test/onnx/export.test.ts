import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import * as c from 'convcore'
import { arange, cat, Generator, nn, noGrad, onnx, randn, scope, tensor, zeros, type Tensor } from 'convcore'
import { distance, runtime } from './runtime.js'
import { settle } from '../garbage.js'

c.manualSeed(1)

const folder = t.testdir({})

/** Statistics that are not those of a fresh batch norm. */
function stirred<M extends nn.Module>(model: M): M {
  const generator = new Generator(7)
  for (const [name, x] of model.namedBuffers())
    if (name.endsWith('running_var')) x.copy_(scope(() => noGrad(() => c.rand(x.shape, { generator }).add(0.5))))
    else if (x.dtype === 'float32') x.copy_(randn(x.shape, { generator }))
  return model.eval()
}

/** Exports from a batch of two, and asks onnxruntime for what the model gives for five, and our import too. */
async function agrees(
  t: Test,
  model: nn.Module,
  inputs: Tensor[],
  options: onnx.ExportOptions = {},
  batch: (x: Tensor) => Tensor = (x) => cat([x, x.mul(-0.5).add(0.1), x.slice(0, 0, 1)], 0),
): Promise<void> {
  const file = join(folder, 'model.onnx')
  await onnx.exportModel(model, inputs, file, options)
  const others = options.dynamicBatch === false ? inputs : inputs.map((x) => (x.dtype === 'int32' ? cat([x, x, x.slice(0, 0, 1)]) : batch(x))) // prettier-ignore
  const outcome = model.eval()(...(others as never[]))
  const expected = [...outputsOf(outcome)]
  const given = await runtime(file, ...others)
  t.equal(given.length, expected.length)
  const again = await onnx.importModel<Tensor | Tensor[]>(file)
  const ours = [...outputsOf(again(...others))]
  for (const [i, y] of expected.entries()) {
    t.same(given[i]!.shape, y.shape)
    t.ok(distance(given[i]!.values, y.dataSync()) < 1e-4, `onnxruntime: ${distance(given[i]!.values, y.dataSync())}`)
    t.same(ours[i]!.shape, y.shape)
    t.ok(distance(ours[i]!.dataSync(), y.dataSync()) < 1e-4, `ours: ${distance(ours[i]!.dataSync(), y.dataSync())}`)
  }
}

function outputsOf(result: unknown): Tensor[] {
  if (result instanceof c.Tensor) return [result]
  return Array.isArray(result) ? result.flatMap(outputsOf) : Object.values(result as object).flatMap(outputsOf)
}

class Fn extends nn.Module {
  constructor(readonly fn: (...inputs: Tensor[]) => Tensor | Tensor[]) {
    super()
  }
  forward(...inputs: Tensor[]): Tensor | Tensor[] {
    return this.fn(...inputs)
  }
}

t.test('a stack of layers', async (t) => {
  const model = new nn.Sequential(
    new nn.Conv2d(3, 8, 3, { padding: 1, bias: false }),
    new nn.BatchNorm2d(8),
    new nn.ReLU(),
    new nn.MaxPool2d(3, { stride: 2, padding: 1 }),
    new nn.Conv2d(8, 8, 3, { groups: 4, dilation: 2 }),
    new nn.Sigmoid(),
    new nn.AdaptiveAvgPool2d(2),
    new nn.Flatten(),
    new nn.Dropout(0.5),
    new nn.Linear(32, 5),
    new nn.Softmax(1),
  )
  await agrees(t, stirred(model), [randn([2, 3, 16, 16])])
  t.ok(!model.training)
})

t.test('a graph of layers with two inputs and two outputs', async (t) => {
  const [a, b] = [nn.input([3, 8, 8]), nn.input([3, 8, 8])]
  const conv = new nn.Conv2d(3, 4, 3, { padding: 'same' })
  const sum = new nn.Add()(conv(a), conv(b))
  const both = new nn.Concatenate(1)(sum, conv(a))
  const head = new nn.Linear(8 * 64, 3)(new nn.Flatten()(new nn.ReLU()(both)))
  const model = new nn.Model([a, b], [head, sum])
  await agrees(t, model, [randn([2, 3, 8, 8]), randn([2, 3, 8, 8])], {
    inputNames: ['left', 'right'],
    outputNames: ['head', 'sum'],
  })
})

class Residual extends nn.Module {
  conv1 = new nn.Conv2d(4, 8, 3, { stride: 2, padding: 1, bias: false })
  bn1 = new nn.BatchNorm2d(8)
  conv2 = new nn.Conv2d(8, 8, 3, { padding: 1, bias: false })
  bn2 = new nn.BatchNorm2d(8)
  down = new nn.Sequential(new nn.Conv2d(4, 8, 1, { stride: 2, bias: false }), new nn.BatchNorm2d(8))
  fc = new nn.Linear(8, 3)

  forward(x: Tensor): Tensor {
    const h = c.relu(this.bn1(this.conv1(x)))
    const y = this.bn2(this.conv2(h), true, this.down(x))
    const pooled = c.adaptiveAvgPool2d(c.maxPool2d(y, 2), 1)
    return c.logSoftmax(this.fc(c.dropout(pooled.view(x.shape[0]!, -1), 0.5, { training: this.training })), 1)
  }
}

t.test('a class with functional calls', async (t) => {
  await agrees(t, stirred(new Residual()), [randn([1, 4, 16, 16])])
  for (const opset of [13, 18, 21]) await agrees(t, stirred(new Residual()), [randn([2, 4, 16, 16])], { opset })
})

const x4 = () => randn([2, 4, 9, 7])
const functions: Record<string, [fn: (...inputs: Tensor[]) => Tensor | Tensor[], ...inputs: Tensor[]]> = {
  'padding "same" that is uneven': [(x) => c.conv2d(x, zeros([3, 4, 2, 4]).add(0.1), undefined, { padding: 'same', stride: 2 }), x4()], // prettier-ignore
  'max pools that round up': [(x) => c.maxPool2d(x, 2, { ceilMode: true }), x4()],
  'max pools that round up, padded': [(x) => c.maxPool2d(x, 3, { ceilMode: true, padding: 1, stride: 3 }), x4()],
  'max pools with padding "same"': [(x) => c.maxPool2d(x, 2, { padding: 'same' }), x4()],
  'max pools with dilation': [(x) => c.maxPool2d(x, 2, { dilation: 2, stride: 1 }), x4()],
  'average pools that round up': [(x) => c.avgPool2d(x, 2, { ceilMode: true }), x4()],
  'average pools that round up, padded': [(x) => c.avgPool2d(x, 3, { ceilMode: true, padding: 1, stride: 3 }), x4()],
  'average pools without padding': [
    (x) => c.avgPool2d(x, 3, { padding: 1, countIncludePad: false, ceilMode: true }),
    x4(),
  ],
  'average pools with a divisor': [(x) => c.avgPool2d(x, 2, { divisorOverride: 3 }), x4()],
  'average pools with padding "same"': [(x) => c.avgPool2d(x, [2, 3], { padding: 'same' }), x4()],
  'pools of signals': [(x) => c.maxPool1d(x, 2).add(c.avgPool1d(x, 2)), randn([2, 3, 8])],
  'pools of volumes': [(x) => c.maxPool3d(x, 2).add(c.avgPool3d(x, 2)), randn([2, 3, 4, 4, 4])],
  'adaptive pools': [(x) => c.adaptiveMaxPool2d(x, [3, 7]).add(c.adaptiveAvgPool2d(x, [3, 7])), x4()],
  'global pools': [(x) => [c.adaptiveAvgPool2d(x, 1), c.adaptiveMaxPool2d(x, 1)], x4()],
  'activations': [(x) => [c.leakyRelu(x, 0.2), c.elu(x, 0.7), c.selu(x), c.gelu(x), c.gelu(x, { approximate: 'tanh' }), c.silu(x), c.softplus(x, { beta: 2 }), c.hardswish(x), c.hardsigmoid(x), c.hardtanh(x), c.relu6(x.mul(4)), c.prelu(x, tensor([0.1, 0.2, 0.3, 0.4])), c.tanh(x), c.maxout(x, 2)], x4()], // prettier-ignore
  'arithmetic': [(x) => [x.mul(2).sub(1).div(3), c.abs(x).pow(1.5), x.abs().add(1).log().sqrt(), x.exp(), x.neg(), c.maximum(x, 0.1), c.minimum(x, x.mul(-1)), x.square(), x.clamp(-0.5), c.sign(x)], x4()], // prettier-ignore
  'comparisons': [(x) => [c.where(x.gt(0), x, x.mul(0.1)), x.le(0).to('float32'), c.ne(x, 0).to('int32'), x.eq(x)], x4()], // prettier-ignore
  'reductions': [(x) => [x.sum(1), x.mean([2, 3]), x.mean(), x.max(1).values, x.min(2, { keepDim: true }).values, x.argmax(1), c.variance(x, 1), c.cumsum(x, 2)], x4()], // prettier-ignore
  'shapes': [(x) => [x.permute(0, 2, 3, 1), x.flatten(1).unsqueeze(1), x.slice(2, 1, -1, 2), x.chunk(2, 1)[1]!, x.transpose(2, 3).reshape([x.shape[0]!, -1, 6]), c.stack([x, x], 1), x.slice(1, 0, 1).expand(-1, 3, -1, -1), x.repeat(1, 2, 1, 1), c.flip(x, 3)], x4()], // prettier-ignore
  'padding': [(x) => [x.pad([1, 2, 0, 1], { value: 3 }), x.pad([1, 2], { mode: 'reflect' }), x.pad([1, 1], { mode: 'replicate' }), x.pad([-1, -1])], x4()], // prettier-ignore
  'interpolation': [(x) => [c.interpolate(x, { scaleFactor: 2 }), c.interpolate(x, { size: [5, 10] }), c.interpolate(x, { size: [18, 5], mode: 'bilinear' }), c.interpolate(x, { scaleFactor: 2, mode: 'bilinear', alignCorners: true })], x4()], // prettier-ignore
  'normalisation': [(x) => [c.layerNorm(x, 7, arange(7)), c.instanceNorm(x), c.groupNorm(x, 2, tensor([1, 2, 3, 4]), tensor([0, 1, 0, 1])), c.localResponseNorm(x, 3)], x4()], // prettier-ignore
  'products': [(x) => [x.matmul(x.transpose(2, 3)), x.matmul(zeros([7]).add(1)), c.matmul(x, x, { transposeB: true }), c.linear(x, zeros([3, 7]).add(0.2), zeros([3]).add(1))], x4()], // prettier-ignore
  'transposed convolutions': [(x) => c.convTranspose2d(x, zeros([4, 2, 3, 3]).add(0.3), zeros([4]).add(1), { stride: 2, padding: 1, outputPadding: 1, groups: 2 }), x4()], // prettier-ignore
  'convolutions of signals and volumes': [(x) => c.conv1d(x.flatten(2), zeros([2, 4, 3]).add(0.1)), x4()],
  'rows for indices': [(i) => c.embedding(arange(12).reshape([4, 3]), i), tensor(Int32Array.of(0, 3, 2, 1), { shape: [2, 2] })], // prettier-ignore
  'sizes that grow with the batch': [(x) => arange(4).reshape([1, 4]).expand(x.shape[0]!, 4).mul(x), randn([2, 4])],
  'what is given back as it came': [(x) => [x, x.detach()], x4()],
}

for (const [name, [fn, ...inputs]] of Object.entries(functions)) {
  t.test(name, async (t) => {
    await agrees(t, new Fn(fn), inputs)
    await agrees(t, new Fn(fn), inputs, { opset: 21, dynamicBatch: false })
  })
}

t.test('weights keep their names, and come back as parameters', async (t) => {
  const file = join(folder, 'named.onnx')
  const model = stirred(new Residual())
  await onnx.exportModel(model, zeros([1, 4, 8, 8]), file)
  const again = await onnx.importModel(file)
  const state = again.stateDict()
  for (const [name, x] of Object.entries(model.stateDict()))
    if (!name.endsWith('num_batches_tracked')) t.same([...state[name]!.dataSync()], [...x.dataSync()], name)
  t.equal(again.countParameters(), model.countParameters())
})

t.test('what ONNX has not is refused by name, and no file is written', async (t) => {
  const file = join(folder, 'none.onnx')
  const refused: Record<string, (x: Tensor) => Tensor> = {
    topk: (x) => c.topk(x, 2).values,
    randn: (x) => x.add(randn([4])),
    dropout: (x) => c.dropout(x, 0.5),
    avgPool: (x) => c.adaptiveAvgPool2d(x.reshape([-1, 1, 2, 2]), 3),
  }
  for (const [name, fn] of Object.entries(refused))
    await t.rejects(onnx.exportModel(new Fn(fn), randn([2, 4]), file), { code: 'ERR_EXPORT', message: name })
  const loop = new Fn((x) => (x.shape[0] === 2 ? x.mul(2) : x.add(1)))
  await t.rejects(onnx.exportModel(loop, randn([2, 4]), file), { code: 'ERR_EXPORT', message: /batch/ })
  await onnx.exportModel(loop, randn([2, 4]), join(folder, 'fixed.onnx'), { dynamicBatch: false })
  t.notOk(existsSync(file))
  t.notOk(readdirSync(folder).some((name) => name.endsWith('.part')))
})

t.test('options and examples that do not fit are refused', async (t) => {
  const model = new nn.Linear(4, 2)
  const x = randn([2, 4])
  const file = join(folder, 'none.onnx')
  await t.rejects(onnx.exportModel(model, x, file, { opset: 9 }), RangeError)
  await t.rejects(onnx.exportModel(model, x, file, { inputNames: ['a', 'b'] }), RangeError)
  await t.rejects(onnx.exportModel(model, x, file, { outputNames: ['input'] }), RangeError)
  await t.rejects(onnx.exportModel(model, [], file), TypeError)
  await t.rejects(onnx.exportModel(model, [1] as never, file), TypeError)
  await t.rejects(onnx.exportModel((() => x) as never, x, file), TypeError)
  await t.rejects(onnx.exportModel(model, randn([]), file), c.ShapeError)
  await t.rejects(onnx.exportModel(model, randn([2, 5]), file), c.ShapeError)
})

t.test('exporting leaves a model in training, and memory as it was', async (t) => {
  const model = new Residual().train()
  const file = join(folder, 'training.onnx')
  await settle()
  const before = { ...c.memory() }
  using run = new c.Scope()
  const x = run.run(() => randn([2, 4, 8, 8]))
  await onnx.exportModel(model, x, file)
  const broken = new nn.Lambda((x: c.Tensor) => {
    x.mul(zeros([4, 1, 1])).add(1)
    throw new Error('broken')
  })
  await t.rejects(onnx.exportModel(broken, x, file), { message: 'broken' })
  run.dispose()
  t.ok(model.training && model.bn1.training)
  t.equal(c.memory().tensors, before.tensors)
})
