import t from 'tap'
import { memory, nn, ones, tensor, type Tensor, zeros } from 'convcore'
import { fixture } from '../fixture.js'

const { state } = await fixture<{ state: Record<string, number[]> }>('nn')

class Blocks extends nn.Module {
  layer1 = new nn.Sequential(new nn.Conv2d(1, 32, 3, { padding: 1 }), new nn.BatchNorm2d(32))
  blocks = [new nn.Linear(4, 4), new nn.Linear(4, 4), new nn.ReLU()]
  head = new nn.BatchNorm1d(4)

  forward(x: Tensor): Tensor {
    return this.head(this.layer1(x).flatten())
  }
}

t.test('the state dict has the keys and shapes of PyTorch', async (t) => {
  const shapes = Object.entries(new Blocks().stateDict()).map(([name, tensor]) => [name, tensor.shape])
  t.same(shapes, Object.entries(state))
})

t.test('the state of one model makes another give the same outputs', async (t) => {
  const make = () => new nn.Sequential(new nn.Conv2d(2, 3, 3), new nn.BatchNorm2d(3)).eval()
  const [a, b] = [make(), make()]
  const x = tensor(
    Float32Array.from({ length: 50 }, (_, i) => Math.sin(i)),
    { shape: [1, 2, 5, 5] },
  )
  a.train()(x)
  t.same(b.loadStateDict(a.eval().stateDict()), { missingKeys: [], unexpectedKeys: [] })
  t.same(await b(x).data(), await a(x).data())
})

t.test('a state of another dtype is converted', async (t) => {
  const fc = new nn.Linear(2, 1)
  fc.loadStateDict({ weight: tensor([[1, 2]], { dtype: 'float64' }), bias: tensor([3], { dtype: 'float64' }) })
  t.same([...(await fc.weight.data())], [1, 2])
  t.equal(fc.weight.dtype, 'float32')
  t.ok(fc.weight.requiresGrad)
})

t.test('all differences are reported together and nothing is changed', async (t) => {
  const net = new nn.Sequential({ fc1: new nn.Linear(2, 1), fc2: new nn.Linear(1, 1) })
  const before = await net.stateDict()['fc1.bias']?.data()
  const bad = {
    'fc1.bias': ones([1]),
    'fc1.weight': zeros([3, 2]),
    'fc2.weight': ones([1, 1]),
    'fc3.weight': ones([1]),
  }
  t.throws(() => net.loadStateDict(bad), {
    name: 'FormatError',
    message:
      'loadStateDict: expected the state of Sequential, got one with 3 differences:\n' +
      '  fc2.bias: missing\n' +
      '  fc3.weight: unexpected\n' +
      '  fc1.weight: expected shape [1, 2], got [3, 2]',
  })
  t.same(await net.stateDict()['fc1.bias']?.data(), before)
})

t.test('without strict, keys are returned and wrong shapes still refused', async (t) => {
  const fc = new nn.Linear(1, 1)
  t.same(fc.loadStateDict({ bias: ones([1]), other: ones([1]) }, { strict: false }), {
    missingKeys: ['weight'],
    unexpectedKeys: ['other'],
  })
  t.equal(await fc.bias?.item(), 1)
  t.throws(() => fc.loadStateDict({ bias: ones([2]) }, { strict: false }), { name: 'FormatError' })
})

t.test('a shared module is in the state under both names', async (t) => {
  const shared = new nn.Linear(1, 1)
  const net = new nn.Sequential(shared, shared)
  t.same(Object.keys(net.stateDict()), ['0.weight', '0.bias', '1.weight', '1.bias'])
  t.equal([...net.parameters()].length, 2)
})

t.test('loading leaves no tensors behind', async (t) => {
  const fc = new nn.Linear(2, 2)
  const state = fc.stateDict()
  const before = memory().tensors
  fc.loadStateDict(state)
  t.equal(memory().tensors, before)
})

t.test('a state with tensors that are gone, or no tensors, changes nothing', (t) => {
  const net = new nn.Linear(2, 1)
  const before = [...net.weight.dataSync()]
  const gone = ones([1])
  gone.dispose()
  for (const bias of [gone, undefined, null, 3])
    t.throws(() => net.loadStateDict({ weight: ones([1, 2]), bias: bias as never }), {
      name: 'FormatError',
      message: /bias: expected a live tensor/,
    })
  t.same([...net.weight.dataSync()], before)
  t.end()
})

t.test('a state on another device is copied, integers and floats are converted', (t) => {
  const net = new nn.Sequential(new nn.Linear(1, 2), new nn.BatchNorm1d(2))
  const state = net.stateDict()
  const other: nn.StateDict = Object.fromEntries(
    Object.entries(state).map(([name, value]) => [name, value.to('float64').to('cpu:1')]),
  )
  other['1.num_batches_tracked'] = tensor([5], { shape: [], dtype: 'float32', device: 'cpu:1' })
  other['0.bias'] = tensor(Int32Array.of(3, 4))
  net.loadStateDict(other)
  t.same([...net.stateDict()['0.bias']!.dataSync()], [3, 4])
  t.equal(net.stateDict()['1.num_batches_tracked']!.itemSync(), 5)
  for (const [name, value] of Object.entries(net.stateDict())) {
    t.equal(value.device, state[name]!.device)
    t.equal(value.dtype, state[name]!.dtype)
  }
  for (const wrong of [undefined, null, 3, zeros([1])])
    t.throws(() => net.loadStateDict(wrong as never), {
      name: 'TypeError',
      message: /loadStateDict: expected an object/,
    })
  t.end()
})
