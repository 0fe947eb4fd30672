import t from 'tap'
import { io, nn, ones, optim, randn, scope, type Tensor, tensor, zeros } from 'convcore'

const network = () => new nn.Sequential(new nn.Conv2d(1, 2, 3), new nn.Flatten(), new nn.Linear(8, 2))
const image = randn([3, 1, 4, 4])

const makers = {
  SGD: (model: nn.Module) => new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 }),
  Adam: (model: nn.Module) => new optim.Adam(model.parameters(), { lr: 0.01, betas: [0.8, 0.9] }),
}

function train(model: nn.Sequential, optimizer: { step(): void; zeroGrad(): void }, steps: number): void {
  for (let i = 0; i < steps; i++)
    scope(() => {
      const y = model(image)
      y.mul(y).mean().backward()
      optimizer.step()
      optimizer.zeroGrad()
    })
}

const weights = (model: nn.Module) => Object.values(model.stateDict()).map((x) => [...x.dataSync()])

for (const [name, make] of Object.entries(makers))
  t.test(`${name} goes on from a saved state as if it had never stopped`, async (t) => {
    const [model, other] = [network(), network()]
    const optimizer = make(model)
    train(model, optimizer, 3)
    const path = `${t.testdir({})}/saved.safetensors`
    await io.saveCheckpoint(path, { optimizer })
    const saved = await io.loadCheckpoint<{ optimizer: optim.OptimizerStateDict }>(path)
    other.loadStateDict(model.stateDict())
    const resumed = make(other)
    train(other, resumed, 1)
    other.loadStateDict(model.stateDict())
    resumed.loadStateDict(saved.optimizer)
    train(model, optimizer, 3)
    train(other, resumed, 3)
    t.same(weights(other), weights(model))
  })

t.test('a state dict has the layout of PyTorch', async (t) => {
  const [a, b, c] = [1, 2, 3].map((size) => new nn.Parameter(zeros([size]))) as [Tensor, Tensor, Tensor]
  const adam = new optim.Adam([{ params: [a, b] }, { params: [c], lr: 1 }])
  b.grad = ones([2])
  adam.step()
  const { state, paramGroups } = adam.stateDict()
  t.same(Object.keys(state), ['1'])
  t.same(Object.keys(state[1]!), ['step', 'expAvg', 'expAvgSq'])
  t.equal(state[1]!.step, 1)
  t.same((state[1]!.expAvg as Tensor).shape, [2])
  t.match(paramGroups, [
    { lr: 1e-3, betas: [0.9, 0.999], params: [0, 1] },
    { lr: 1, params: [2] },
  ])
})

t.test('loading takes the options, and forgets what the state does not hold', async (t) => {
  const p = new nn.Parameter(tensor([0]))
  const sgd = new optim.SGD([p], { lr: 1, momentum: 0.5 })
  const fresh = new optim.SGD([p], { lr: 0.25, momentum: 0.5 }).stateDict()
  p.grad = tensor([1])
  sgd.step()
  t.equal(sgd.state.size, 1)
  sgd.loadStateDict(fresh)
  t.equal(sgd.state.size, 0)
  t.equal(sgd.paramGroups[0]!.lr, 0.25)
})

t.test('a state of another dtype is converted', async (t) => {
  const [p, q] = [new nn.Parameter(tensor([0])), new nn.Parameter(tensor([0], { dtype: 'float64' }))]
  const [from, to] = [p, q].map((x) => new optim.Adam([x])) as [optim.Adam, optim.Adam]
  p.grad = tensor([2])
  from.step()
  to.loadStateDict(from.stateDict())
  t.equal(to.state.get(q)!.expAvgSq.dtype, 'float64')
  t.ok(Math.abs((await to.state.get(q)!.expAvgSq.item()) - 0.004) < 1e-8)
})

t.test('a state that does not fit is refused with all differences, and nothing changes', async (t) => {
  const p = new nn.Parameter(zeros([2]))
  const adam = new optim.Adam([p], { lr: 0.5 })
  p.grad = ones([2])
  adam.step()
  const saved = adam.stateDict()
  const group = saved.paramGroups[0]!
  const { expAvg } = saved.state[0]! as { expAvg: Tensor }
  const load = (state: object) => () => adam.loadStateDict(state as optim.OptimizerStateDict)
  t.throws(
    load({
      state: { 0: { step: true, expAvg: zeros([3]), more: 1 }, 7: {} },
      paramGroups: [{ ...group, lr: 'fast', eps: undefined, momentum: 0, params: [0, 1] }],
    }),
    {
      name: 'FormatError',
      message: [
        'loadStateDict: expected the state of Adam, got one with 9 differences:',
        '  paramGroups.0.lr: expected a number, got "fast"',
        '  paramGroups.0.eps: expected a number, got undefined',
        '  paramGroups.0.momentum: unexpected',
        '  paramGroups.0.params: expected 1, got 2',
        '  state.0.step: expected a number, got true',
        '  state.0.expAvg: expected shape [2], got [3]',
        '  state.0.expAvgSq: missing',
        '  state.0.more: unexpected',
        '  state.7: unexpected',
      ].join('\n'),
    },
  )
  t.throws(load({ ...saved, paramGroups: [{ ...group, lr: -1 }] }), /options: Adam: expected lr >= 0, got -1/)
  t.throws(load({ ...saved, paramGroups: [] }), /paramGroups: expected 1, got 0/)
  t.throws(load({ ...saved, state: { 0: { step: 1, expAvg, expAvgSq: 3 } } }), /expected a live tensor, got 3/)
  t.throws(load({ ...saved, state: { 0: 4 } }), /state.0: expected numbers and tensors, got 4/)
  t.throws(load([]), /expected \{ state, paramGroups \}, got \[\]/)
  t.equal(adam.paramGroups[0]!.lr, 0.5)
  t.equal(adam.state.get(p)!.step, 1)
})
