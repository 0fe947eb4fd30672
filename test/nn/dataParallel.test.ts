import {
  crossEntropy,
  manualSeed,
  maxPool2d,
  memory,
  nn,
  randn,
  scope,
  sub,
  tensor,
  type Tensor,
  setDefaultDevice,
} from 'convcore'
import t from 'tap'
import { makeTrainer, rings } from '../train/toy.js'

setDefaultDevice('cpu') // all devices here are

const DEVICES = ['cpu:0', 'cpu:1', 'cpu:2'] as const

class Net extends nn.Module {
  conv = new nn.Conv2d(1, 4, 3, { padding: 1 })
  heads = [new nn.Linear(4 * 16, 8), new nn.Linear(8, 3)]

  forward(x: Tensor): Tensor {
    let h = maxPool2d(this.conv(x).relu(), 2).flatten(1)
    for (const head of this.heads) h = head(h)
    return h
  }
}

const distance = (a: Tensor, b: Tensor): number => sub(a, b).abs().max().itemSync()

/** The same network twice, on one device and on three, with images and labels. */
function twins(samples: number) {
  manualSeed(3)
  const alone = new Net()
  const net = new Net()
  net.loadStateDict(alone.stateDict())
  const labels = tensor(Int32Array.from({ length: samples }, (_, i) => i % 3))
  return { alone, net, parallel: new nn.DataParallel(net, { devices: DEVICES }), x: randn([samples, 1, 8, 8]), labels }
}

t.test('L4.3: outputs and gradients on three devices are those on one', (t) => {
  for (const samples of [9, 7, 4, 1]) {
    const { alone, net, parallel, x, labels } = twins(samples)
    const one = alone(x)
    const three = parallel(x)
    t.equal(three.device, 'cpu:0')
    t.ok(distance(one, three) < 1e-6, `outputs of ${samples} samples`)
    crossEntropy(one, labels).backward()
    crossEntropy(three, labels).backward()
    const gradients = new Map(alone.namedParameters())
    for (const [name, p] of net.namedParameters()) {
      t.equal(p.grad!.device, 'cpu:0')
      t.ok(distance(p.grad!, gradients.get(name)!.grad!) < 1e-6, `${name}'s gradient, ${samples} samples`)
    }
  }
  t.end()
})

t.test('each device runs its own part of the batch, a small batch fewer devices', (t) => {
  const { net, parallel } = twins(1)
  const seen: string[] = []
  net.registerForwardHook((_, [x]) => void seen.push(`${x.device}: ${x.shape[0]}`))
  parallel(randn([7, 1, 8, 8]))
  parallel(randn([2, 1, 8, 8]))
  t.same(seen, ['cpu:0: 3', 'cpu:1: 3', 'cpu:2: 1', 'cpu:0: 1', 'cpu:1: 1'])
  t.end()
})

t.test('the state dict has the module’s keys after "module."', (t) => {
  const { alone, net, parallel } = twins(1)
  t.same(
    Object.keys(parallel.stateDict()),
    Object.keys(alone.stateDict()).map((key) => `module.${key}`),
  )
  t.equal(parallel.module, net)
  t.match(String(parallel), /^DataParallel\(\n {2}\(module\): Net\(\n {4}\(conv\): Conv2d/)
  t.end()
})

t.test('running statistics are those of the first part', (t) => {
  manualSeed(1)
  const norm = new nn.BatchNorm1d(2)
  const parallel = new nn.DataParallel(norm, { devices: ['cpu', 'cpu:1'] })
  const x = tensor([[1, 2], [3, 4], [100, 200], [300, 400]]) // prettier-ignore
  parallel(x)
  t.same(
    [...norm.runningMean!.dataSync()].map((v) => v.toFixed(3)),
    ['0.200', '0.300'],
  )
  t.equal(norm.numBatchesTracked!.itemSync(), 1)
  t.end()
})

class Several extends nn.Module {
  weight = new nn.Parameter(tensor([2]))

  forward([a, b]: readonly [Tensor, Tensor], factor: number): [Tensor, Tensor] {
    return [a.mul(this.weight).add(b).mul(factor), a.sum()]
  }
}

t.test('arrays of tensors are split and joined, other arguments are everybody’s, scalars become a vector', (t) => {
  const parallel = new nn.DataParallel(new Several(), { devices: ['cpu:0', 'cpu:1'] })
  const [rows, sums] = parallel([tensor([1, 2, 3]), tensor([10, 20, 30])], 0.5)
  t.same([...rows.dataSync()], [6, 12, 18])
  t.same([...sums.dataSync()], [3, 3])
  rows.sum().backward()
  t.same([...parallel.module.weight.grad!.dataSync()], [3])
  t.end()
})

t.test('a trainer trains on several devices as on one', async (t) => {
  const losses: number[][] = []
  for (const devices of [undefined, DEVICES]) {
    manualSeed(11)
    const net = new nn.Sequential(new nn.Linear(2, 16), new nn.Tanh(), new nn.Linear(16, 2))
    const model = devices ? new nn.DataParallel(net, { devices }) : net
    const trainer = makeTrainer({}, model)
    const history = await trainer.fit(rings(96), { epochs: 4, batchSize: 32, validation: rings(50) })
    losses.push(history.flatMap(({ loss, validationLoss }) => [loss, validationLoss!]))
    t.same((await trainer.predict(rings(10))).shape, [10, 2])
  }
  for (const [i, loss] of losses[0]!.entries()) t.ok(Math.abs(loss - losses[1]![i]!) < 1e-4, `${loss}`)
})

t.test('steps leave nothing behind on any device', (t) => {
  const { parallel, x, labels } = twins(6)
  const step = () =>
    scope(() => {
      parallel.zeroGrad()
      crossEntropy(parallel(x), labels).backward()
    })
  step()
  const before = DEVICES.map((device) => memory(device).live)
  step()
  t.same(
    DEVICES.map((device) => memory(device).live),
    before,
  )
  t.end()
})

t.test('after a call that fails the module is as it was', (t) => {
  const { net, parallel, x } = twins(6)
  const before = [...net.parameters()]
  const handle = net.registerForwardHook((_, [part]) => {
    if (part.device === 'cpu:1') throw new Error('not here')
  })
  t.throws(() => parallel(x), { message: 'not here' })
  handle.remove()
  t.same(
    [...net.parameters()].map((p, i) => p === before[i]),
    before.map(() => true),
  )
  t.same(parallel(x).shape, [6, 3])
  t.end()
})

t.test('misuse is explained', (t) => {
  const net = new Net()
  const make = (module: unknown, options: unknown) => () => new nn.DataParallel(module as Net, options as never)
  t.throws(make({}, { devices: ['cpu'] }), { name: 'TypeError', message: /DataParallel: expected layer 'module'/ })
  t.throws(make(net, { devices: [] }), { name: 'RangeError', message: /expected devices, got \[\]/ })
  t.throws(make(net, { devices: ['cpu', 'cpu:0'] }), {
    name: 'RangeError',
    message: /devices that differ, got cpu:0, cpu:0/,
  })
  t.throws(make(net, { devices: ['cpu:999'] }), { name: 'DeviceError' })
  const parallel = new nn.DataParallel(net, { devices: ['cpu:0', 'cpu:1'] })
  t.throws(() => parallel(tensor(1)), { name: 'ShapeError', message: /samples along dimension 0, got \[\]/ })
  const several = new nn.DataParallel(new Several(), { devices: ['cpu:0', 'cpu:1'] })
  t.throws(() => several([tensor([1, 2]), tensor([1, 2, 3])], 1), { name: 'ShapeError', message: /2 and 3/ })
  net.to('cpu:1')
  t.throws(() => parallel(randn([2, 1, 8, 8])), {
    name: 'DeviceError',
    message: 'DataParallel: expected a module on cpu:0, the first device, got one on cpu:1',
  })
  t.end()
})
