import t from 'tap'
import { memory, nn, optim, tensor } from 'convcore'

const model = () => new nn.Sequential(new nn.Linear(1, 1), new nn.BatchNorm1d(1))

const set = (net: nn.Module, value: number) => {
  for (const p of net.parameters()) nn.init.constant_(p, value)
}
const values = (net: nn.Module) => [...net.parameters()].map((p) => p.itemSync())
const averages = (ema: optim.EMA) => Object.values(ema.stateDict().average).map((x) => x.itemSync())

t.test('the first update copies, the next ones average', async (t) => {
  const net = model()
  const ema = new optim.EMA(net, { decay: 0.75 })
  for (const value of [8, 4, 12]) {
    set(net, value)
    ema.update()
  }
  // 8 · 0.75 + 4 · 0.25 = 7, 7 · 0.75 + 12 · 0.25 = 8.25
  t.same(averages(ema), [8.25, 8.25, 8.25, 8.25])
  t.equal(ema.numAveraged, 3)
})

t.test('apply puts the averages in place, restore puts the weights back', async (t) => {
  const net = model()
  const ema = new optim.EMA(net, { decay: 0.5 })
  for (const value of [2, 4]) {
    set(net, value)
    ema.update()
  }
  const before = memory().tensors
  ema.apply()
  t.same(values(net), [3, 3, 3, 3])
  t.throws(() => ema.apply(), /expected restore\(\) before a second apply\(\)/)
  t.throws(() => ema.update(), /expected restore\(\) after apply\(\)/)
  ema.restore()
  t.same(values(net), [4, 4, 4, 4])
  t.equal(memory().tensors, before)
  t.throws(() => ema.restore(), /expected apply\(\) before/)
})

t.test('averages follow their parameters, and a parameter stays a leaf that trains', async (t) => {
  const net = model()
  set(net, 2)
  const ema = new optim.EMA(net, { decay: 0.5 })
  ema.update()
  net.to('float64')
  set(net, 4)
  ema.update()
  t.same(averages(ema), [3, 3, 3, 3])
  t.equal(ema.stateDict().average['0.weight']!.dtype, 'float64')
  ema.apply()
  net(tensor([[1], [2]], { dtype: 'float64' }))
    .sum()
    .backward()
  t.ok([...net.parameters()].every((p) => p.isLeaf && p.grad))
})

t.test('a state goes on in another average', async (t) => {
  const [net, other] = [model(), model()]
  set(net, 2)
  const ema = new optim.EMA(net, { decay: 0.5 })
  ema.update()
  const resumed = new optim.EMA(other)
  resumed.loadStateDict(ema.stateDict())
  set(other, 4)
  resumed.update()
  t.same(averages(resumed), [3, 3, 3, 3])
  t.same(averages(ema), [2, 2, 2, 2])
  t.match(resumed.stateDict(), { decay: 0.5, numAveraged: 2 })
})

t.test('misuse is refused', async (t) => {
  t.throws(() => new optim.EMA(model(), { decay: 1.5 }), {
    name: 'RangeError',
    message: 'EMA: expected decay >= 0 and <= 1, got 1.5',
  })
  t.throws(() => new optim.EMA(new nn.ReLU()), /expected a model with parameters/)
  const ema = new optim.EMA(model())
  const state = ema.stateDict()
  t.throws(() => ema.loadStateDict({ ...state, numAveraged: -1 }), /expected numAveraged to be a whole number >= 0/)
  t.throws(() => ema.loadStateDict({ ...state, decay: NaN }), /expected decay/)
  t.throws(() => ema.loadStateDict({ ...state, average: { '0.weight': tensor([1, 2]) } }), {
    name: 'FormatError',
    message: /4 differences:\n {2}0.bias: missing\n.*\n.*\n {2}0.weight: expected shape \[1, 1\], got \[2\]/,
  })
})
