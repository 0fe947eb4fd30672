import t from 'tap'
import { manualSeed, memory, mul, nn, randn, scope, sub, tensor, type Tensor, zeros } from 'convcore'
import { settle } from '../garbage.js'

const columns = (...values: number[]): Tensor => tensor(values.map((value) => [value, 10 * value]))
const rounded = async (x?: Tensor): Promise<number[]> => Array.from((await x?.data()) ?? [], (v) => +v.toFixed(4))

t.test('training normalises by the batch and moves the running statistics', async (t) => {
  const bn = new nn.BatchNorm1d(2)
  t.same(await rounded(bn(columns(1, 2, 3))), [-1.2247, -1.2247, 0, 0, 1.2247, 1.2247])
  t.same(await rounded(bn.runningMean), [0.2, 2])
  t.same(await rounded(bn.runningVar), [1, 10.9], 'the variance is the unbiased one')
  t.equal(await bn.numBatchesTracked?.item(), 1)
})

t.test('evaluation uses the running statistics and leaves them', async (t) => {
  const bn = new nn.BatchNorm1d(2, { eps: 0 }).eval()
  bn.runningMean?.copy_([1, 0])
  bn.runningVar?.copy_([4, 1])
  bn.weight?.copy_([2, 1])
  bn.bias?.copy_([0, 5])
  t.same(await rounded(bn(columns(3))), [2, 35])
  t.same(await rounded(bn.runningMean), [1, 0])
  t.equal(await bn.numBatchesTracked?.item(), 0)
})

t.test('without momentum the running mean is that of all batches', async (t) => {
  const bn = new nn.BatchNorm1d(2, { momentum: null })
  for (const value of [1, 4, 7]) bn(columns(value, value))
  t.same(await rounded(bn.runningMean), [4, 40])
})

t.test('without running statistics evaluation uses the batch', async (t) => {
  const bn = new nn.BatchNorm1d(2, { trackRunningStats: false }).eval()
  t.same(await rounded(bn(columns(1, 3))), [-1, -1, 1, 1])
  t.same([...bn.buffers()], [])
})

t.test('weight and bias are optional', async (t) => {
  const names = (bn: nn.Module) => [...bn.namedParameters()].map(([name]) => name)
  t.same(names(new nn.BatchNorm2d(2)), ['weight', 'bias'])
  t.same(names(new nn.BatchNorm2d(2, { bias: false })), ['weight'])
  t.same(names(new nn.BatchNorm2d(2, { affine: false })), [])
})

t.test('images and sequences are normalised per channel', async (t) => {
  t.same(new nn.BatchNorm2d(3)(zeros([2, 3, 4, 5])).shape, [2, 3, 4, 5])
  t.same(new nn.BatchNorm1d(3)(zeros([2, 3, 4])).shape, [2, 3, 4])
})

t.test('buffers stay when the scope of a training step ends', async (t) => {
  const bn = new nn.BatchNorm2d(3)
  await settle()
  const before = memory().tensors
  for (let i = 0; i < 5; i++)
    scope(() => {
      bn(zeros([2, 3, 4, 4]))
        .sum()
        .backward()
    })
  bn.zeroGrad()
  t.equal(memory().tensors, before)
  t.equal(await bn.numBatchesTracked?.item(), 5)
})

t.test('wrong arguments and inputs are refused', async (t) => {
  t.throws(() => new nn.BatchNorm2d(0), {
    message: 'BatchNorm2d: expected numFeatures to be a positive integer, got 0',
  })
  t.throws(() => new nn.BatchNorm2d(1, { eps: -1 }), /expected eps to be finite and at least 0, got -1/)
  t.throws(() => new nn.BatchNorm2d(1, { momentum: 2 }), /expected momentum to be between 0 and 1, got 2/)
  t.throws(() => new nn.BatchNorm2d(3)(zeros([2, 3])), {
    name: 'ShapeError',
    message: 'BatchNorm2d: expected input of rank 4 with 3 channels, got [2, 3]',
  })
  t.throws(() => new nn.BatchNorm1d(3)(zeros([2, 4])), {
    message: 'BatchNorm1d: expected input of rank 2 or 3 with 3 channels, got [2, 4]',
  })
})

t.test('batch norm before relu is one op in a sequence, with the same bits', async (t) => {
  manualSeed(7)
  const [norm, relu] = [new nn.BatchNorm2d(3), new nn.ReLU()]
  const x = randn([2, 3, 4, 4])
  const run = (forward: (x: Tensor) => Tensor) => {
    const copy = x.clone()
    copy.requiresGrad = true
    norm.zeroGrad()
    const y = forward(copy)
    mul(y, y).sum().backward()
    return [y, copy.grad!, norm.weight!.grad!, norm.bias!.grad!].map((each) => [...each.dataSync()])
  }
  const sequence = new nn.Sequential(norm, relu)
  t.same(
    run(sequence),
    run((x) => relu(norm(x))),
  )
  t.ok(nn.summary(sequence, [3, 4, 4]).layers.length, 'which a summary does not hide')

  class Shifted extends nn.ReLU {
    override forward(x: Tensor) {
      return super.forward(sub(x, 1))
    }
  }
  const shifted = new Shifted()
  t.same(
    run(new nn.Sequential(norm, shifted)),
    run((x) => shifted(norm(x))),
    'unless a subclass does more',
  )
})

t.test('a residual and relu after batch norm are one op with it, with the same bits', (t) => {
  manualSeed(7)
  const norm = new nn.BatchNorm2d(3)
  const [x, shortcut] = [randn([2, 3, 4, 4]), randn([2, 3, 4, 4])]
  const run = (forward: (x: Tensor, shortcut: Tensor) => Tensor) => {
    const inputs = [x.clone(), shortcut.clone()] as const
    for (const each of inputs) each.requiresGrad = true
    norm.zeroGrad()
    const y = forward(...inputs)
    mul(y, y).sum().backward()
    return [y, ...inputs.map((each) => each.grad!), norm.weight!.grad!, norm.bias!.grad!].map((each) => [
      ...each.dataSync(),
    ])
  }
  t.same(
    run((x, shortcut) => norm(x, true, shortcut)),
    run((x, shortcut) => norm(x).add(shortcut).relu()),
  )
  t.same(
    run((x, shortcut) => norm(x, false, shortcut)),
    run((x, shortcut) => norm(x).add(shortcut)),
  )
  const frozen = run((x, shortcut) => norm(x, true, shortcut.detach()).add(shortcut))
  t.same(
    frozen,
    run((x, shortcut) => norm(x).add(shortcut.detach()).relu().add(shortcut)),
    'and where the shortcut wants no gradient',
  )
  t.end()
})
