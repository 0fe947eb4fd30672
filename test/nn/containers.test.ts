import t from 'tap'
import { nn, relu, tensor, type Tensor, zeros } from 'convcore'
import { fixture } from '../fixture.js'

const { containers } = await fixture<{ containers: Record<string, string> }>('nn')
const keys = (module: nn.Module) => Object.keys(module.stateDict())

t.test('a ModuleList holds modules by number', (t) => {
  class Net extends nn.Module {
    blocks = new nn.ModuleList([new nn.Linear(2, 2), new nn.Linear(2, 2, { bias: false })])
    forward(x: Tensor): Tensor {
      for (const block of this.blocks) x = relu(block(x))
      return x
    }
  }
  const net = new Net()
  t.same(keys(net), ['blocks.0.weight', 'blocks.0.bias', 'blocks.1.weight'])
  t.same(net(zeros([1, 2])).shape, [1, 2])
  const { blocks } = net
  t.equal(blocks.length, 2)
  t.equal(blocks[1], blocks.at(-1))
  t.equal(blocks[2], undefined)
  const [extra, head] = [new nn.Linear(2, 2), new nn.Linear(2, 2)]
  t.equal(blocks.append(extra), blocks)
  blocks.insert(0, head)
  t.same([blocks[0] === head, blocks[3] === extra, blocks.length], [true, true, 4])
  t.equal([...blocks.children()].length, 4)
  t.throws(() => blocks(), { name: 'TypeError', message: /ModuleList: .* no forward/ })
  t.throws(() => blocks.append('relu' as never), {
    message: 'ModuleList: expected layer \'4\' to be a module, got "relu"',
  })
  t.end()
})

t.test('a ModuleDict holds modules by name', (t) => {
  const dict = new nn.ModuleDict({ relu: new nn.ReLU(), fc: new nn.Linear(1, 2) })
  t.same(dict.get('fc')(zeros([3, 1])).shape, [3, 2])
  t.same(keys(dict), ['fc.weight', 'fc.bias'])
  t.same([...dict.keys()], ['relu', 'fc'])
  t.equal(dict.size, 2)
  t.ok(dict.delete('relu'))
  t.notOk(dict.delete('relu'))
  t.notOk(dict.has('relu'))
  t.same(
    Array.from(dict, ([name]) => name),
    ['fc'],
  )
  t.equal([...dict.values()][0], dict.get('fc'))
  t.throws(() => dict.get('relu'), { name: 'RangeError', message: /ModuleDict: expected one of fc, got "relu"/ })
  t.throws(() => new nn.ModuleDict({ train: new nn.ReLU() }), {
    name: 'RangeError',
    message: /free layer name.*'train'/,
  })
  t.throws(() => new nn.ModuleDict({ a: 3 as never }), {
    name: 'TypeError',
    message: /layer 'a' to be a module, got 3/,
  })
  t.throws(() => (dict as nn.Module as nn.Layer)(zeros([1])), { name: 'TypeError' })
  t.end()
})

t.test('parameters come in lists and under names too', (t) => {
  const list = new nn.ParameterList([zeros([2, 3]), new nn.Parameter(zeros([]))])
  t.ok(list[0] instanceof nn.Parameter)
  list.append(new nn.Parameter(zeros([1])))
  t.same(keys(list), ['0', '1', '2'])
  const dict = new nn.ParameterDict({ left: zeros([2, 3]) })
  dict.set('right', new nn.Parameter(zeros([1])))
  t.same(keys(dict), ['left', 'right'])
  t.same(dict.get('right').shape, [1])
  t.equal([...list.parameters(), ...dict.parameters()].length, 5)
  t.throws(() => list.append(3 as never), { name: 'TypeError', message: /ParameterList: expected '3' to be/ })
  t.throws(() => dict.set('x', {} as never), { name: 'TypeError', message: /ParameterDict: expected 'x' to be/ })
  t.throws(() => dict.get('x'), { name: 'RangeError' })
  t.end()
})

t.test('Identity and Unflatten', (t) => {
  const x = zeros([2, 10, 3])
  t.equal(new nn.Identity(54, 'unused')(x), x)
  t.same(new nn.Unflatten(1, [2, 5])(x).shape, [2, 2, 5, 3])
  t.same(new nn.Unflatten(-2, [-1, 5])(x).shape, [2, 2, 5, 3])
  t.throws(() => new nn.Unflatten(1, [3, 4])(x), {
    name: 'ShapeError',
    message: /Unflatten: .* product of \[3, 4\] in dimension 1, got 10/,
  })
  t.throws(() => new nn.Unflatten(3, [1])(x), { name: 'ShapeError', message: /Unflatten/ })
  t.end()
})

t.test('they print as PyTorch prints them', (t) => {
  const made: Record<string, nn.Module> = {
    'module list': new nn.ModuleList([new nn.ReLU(), new nn.ReLU(), new nn.Linear(1, 2)]),
    'module list empty': new nn.ModuleList(),
    'module dict': new nn.ModuleDict({ a: new nn.ReLU(), b: new nn.Linear(1, 2) }),
    'parameter list': new nn.ParameterList([zeros([2, 3]), zeros([])]),
    'parameter list one': new nn.ParameterList([zeros([2, 3], { dtype: 'float64' })]),
    'parameter dict': new nn.ParameterDict({ left: zeros([2, 3]), right: zeros([1], { dtype: 'float64' }) }),
    identity: new nn.Identity(),
    unflatten: new nn.Unflatten(1, [2, 5]),
  }
  t.same(Object.keys(made), Object.keys(containers))
  for (const [name, module] of Object.entries(made)) t.equal(module.toString(), containers[name], name)
  t.end()
})

t.test('modules and parameters are found by path', (t) => {
  class Net extends nn.Module {
    features = new nn.Sequential(new nn.Linear(1, 2), new nn.ReLU())
    blocks = [new nn.Linear(2, 2)]
    forward(x: Tensor): Tensor {
      return this.blocks[0]!(this.features(x))
    }
  }
  const net = new Net()
  for (const [path, module] of net.namedModules()) t.equal(net.getSubmodule(path), module, path)
  for (const [name, parameter] of net.namedParameters()) t.equal(net.getParameter(name), parameter, name)
  t.throws(() => net.getSubmodule('features.2'), {
    name: 'RangeError',
    message: "getSubmodule: expected 'features.2' to lead to a module, got Sequential at 'features' with 0, 1",
  })
  t.throws(() => net.getSubmodule('features.0.x'), { message: /got Linear at 'features\.0' with no children/ })
  t.throws(() => net.getSubmodule('feat'), { message: /got Net with features, blocks\.0/ })
  t.throws(() => net.getParameter('features.0.weigth'), { name: 'RangeError', message: /'features\.0\.weigth'/ })
  t.equal(net.countParameters(), 4 + 6)
  net.getSubmodule('features').freeze()
  t.equal(net.countParameters({ trainable: true }), 6)
  const head = net.addModule('head', new nn.Linear(2, 1))
  t.equal(net.getSubmodule('head'), head)
  t.throws(() => net.addModule('eval', new nn.ReLU()), { name: 'RangeError' })
  t.end()
})

t.test('freezing stops gradients and lets go of those there were', (t) => {
  const fc = new nn.Linear(2, 1)
  fc(zeros([1, 2]))
    .sum()
    .backward()
  t.equal(fc.freeze(), fc)
  t.equal(fc.weight.grad, undefined)
  t.notOk(fc(zeros([1, 2])).requiresGrad)
  t.ok(fc.unfreeze()(zeros([1, 2])).requiresGrad)
  t.end()
})

t.test('dtypes and devices have methods of their own', (t) => {
  const fc = new nn.Linear(1, 1)
  t.equal(fc.double(), fc)
  t.equal(fc.weight.dtype, 'float64')
  t.equal(fc.float().weight.dtype, 'float32')
  t.equal(fc.to('cpu:1').cpu().weight.device, 'cpu:0')
  t.throws(() => fc.half(), { name: 'DTypeError', message: /CUDA device for float16/ })
  t.equal(fc.weight.dtype, 'float32', 'a refused conversion changes nothing')
  t.same(fc(tensor([[1]], { device: 'cpu' })).shape, [1, 1])
  t.end()
})
