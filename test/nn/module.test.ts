import t from 'tap'
import { inspect } from 'node:util'
import { memory, nn, relu, scope, tensor, Tensor, zeros } from 'convcore'

class Block extends nn.Module {
  scale = new nn.Parameter(tensor([2]))
  forward(x: Tensor, times = 1): Tensor {
    return x.mul(this.scale).mul(times)
  }
}

class Net extends nn.Module {
  override name = 'a field that functions have too'
  override length = 3
  #hidden = 1
  fc1 = new nn.Linear(4, 3)
  blocks = [new Block(), new Block()]
  tied = this.blocks[0]
  offset = this.registerBuffer('offset', zeros([3]))
  plain = zeros([3])
  forward(x: Tensor): Tensor {
    return this.blocks.reduce((y, block) => block(y, this.#hidden), relu(this.fc1(x)))
  }
}

t.test('a module is called like a function, with the types of its forward', async (t) => {
  const block = new Block()
  const y: Tensor = block(tensor([1, 2]), 3)
  t.same([...(await y.data())], [6, 12])
  // @ts-expect-error the first argument is a tensor
  t.throws(() => block('x'))
  t.ok(block instanceof nn.Module)
  t.equal(typeof block, 'function')
})

t.test('private fields and fields that functions have work', async (t) => {
  const net = new Net()
  t.equal(net.name, 'a field that functions have too')
  t.equal(net.length, 3)
  t.same(net(zeros([2, 4])).shape, [2, 3])
})

t.test('parameters, buffers and modules are found in fields and arrays, each once', async (t) => {
  const net = new Net()
  const names = ['fc1.weight', 'fc1.bias', 'blocks.0.scale', 'blocks.1.scale']
  t.same(
    [...net.namedParameters()].map(([name]) => name),
    names,
  )
  t.equal([...net.parameters()].length, 4)
  t.same([...net.namedBuffers()], [['offset', net.offset]])
  t.same([...net.buffers()], [net.offset])
  t.same(
    [...net.namedModules()].map(([name]) => name),
    ['', 'fc1', 'blocks.0', 'blocks.1'],
  )
  t.same([...net.modules()].length, 4)
  t.same(
    [...net.namedChildren()].map(([name]) => name),
    ['fc1', 'blocks.0', 'blocks.1'],
  )
  t.same([...net.children()].length, 3)
})

t.test('train and eval reach all modules', async (t) => {
  const net = new Net()
  t.ok(net.training)
  t.equal(net.eval(), net)
  t.notOk(net.fc1.training)
  t.notOk(net.blocks[1]?.training)
  net.train()
  t.ok(net.fc1.training)
})

t.test('apply visits children before parents', async (t) => {
  const seen: string[] = []
  new Net().apply((module) => seen.push(module.constructor.name))
  t.same(seen, ['Linear', 'Block', 'Block', 'Net'])
})

t.test('requiresGrad_ freezes and zeroGrad clears', async (t) => {
  const fc = new nn.Linear(2, 1)
  fc(zeros([1, 2]))
    .sum()
    .backward()
  t.ok(fc.weight.grad)
  fc.zeroGrad()
  t.equal(fc.weight.grad, undefined)
  fc.requiresGrad_(false)
  t.notOk(fc(zeros([1, 2])).requiresGrad)
})

t.test('to converts and moves in place, gradients too', async (t) => {
  const net = new nn.Sequential(new nn.Conv2d(2, 3, 3), new nn.BatchNorm2d(3))
  const [weight] = net.parameters()
  const before = await weight?.data()
  net(zeros([2, 2, 4, 4]))
    .sum()
    .backward()
  t.equal(net.to('float64'), net)
  t.equal([...net.parameters()][0], weight)
  t.equal(weight?.dtype, 'float64')
  t.equal(weight?.layout, 'channelsLast')
  t.equal(weight?.grad?.dtype, 'float64')
  t.same([...((await weight?.data()) ?? [])], [...(before ?? [])])
  net.to('cpu:1')
  t.ok([...net.parameters(), ...net.buffers()].every((each) => each.device === 'cpu:1'))
  t.equal(net.stateDict()['1.num_batches_tracked']?.dtype, 'int32')
  t.equal(net(zeros([2, 2, 4, 4], { dtype: 'float64', device: 'cpu:1' })).device, 'cpu:1')
})

t.test('parameters survive the scope they were made in', async (t) => {
  const fc = scope(() => new nn.Linear(2, 2))
  t.notOk(fc.weight.disposed)
  t.equal((await fc.weight.data()).length, 4)
})

t.test('a layer holds its parameters and nothing else', async (t) => {
  const before = memory().tensors
  const conv = new nn.Conv2d(3, 8, 3)
  t.equal(memory().tensors - before, 2)
  t.ok(conv)
})

t.test('inspect and toString print the module', async (t) => {
  t.equal(inspect(new nn.ReLU()), 'ReLU()')
  t.equal(`${new nn.ReLU()}`, 'ReLU()')
})
