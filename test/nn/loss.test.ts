import t from 'tap'
import { crossEntropy, nn, tensor, type Tensor, zeros } from 'convcore'

const rounded = async (x: Tensor): Promise<number[]> => Array.from(await x.data(), (v) => +v.toFixed(4))
const labels = (...values: number[]): Tensor => tensor(Int32Array.from(values))

t.test('cross-entropy takes weights, ignores labels and smooths', async (t) => {
  const logits = tensor([[0, 0], [0, Math.log(3)], [5, -5]]) // prettier-ignore
  const weight = tensor([1, 3])
  const loss = new nn.CrossEntropyLoss({ weight, ignoreIndex: 7 })
  const want = (Math.log(2) + 3 * Math.log(4 / 3)) / 4
  t.ok(Math.abs((await loss(logits, labels(0, 1, 7)).item()) - want) < 1e-6)
  t.same(Object.keys(loss.stateDict()), ['weight'], 'the weight is state')
  const smooth = new nn.CrossEntropyLoss({ labelSmoothing: 1, reduction: 'none' })
  t.same(await rounded(smooth(zeros([1, 4]), labels(2))), [1.3863])
})

t.test('a mean over ignored labels alone is NaN, as in PyTorch; their sum is 0', async (t) => {
  const [x, target] = [zeros([2, 3]), labels(-100, -100)]
  t.ok(Number.isNaN(await crossEntropy(x, target).item()))
  t.equal(await crossEntropy(x, target, { reduction: 'sum' }).item(), 0)
})

t.test('ignored rows pass no gradient, whatever they hold', async (t) => {
  const x = tensor([[NaN, Infinity], [0, 0]], { requiresGrad: true }) // prettier-ignore
  crossEntropy(x, labels(-100, 1)).backward()
  t.same([...(await x.grad!.data())], [0, 0, 0.5, -0.5])
})

t.test('losses of pairs', async (t) => {
  const [x, y] = [tensor([0, 2, -3]), tensor([0.5, 0, 0])]
  t.same(await rounded(new nn.L1Loss({ reduction: 'none' })(x, y)), [0.5, 2, 3])
  t.same(await rounded(new nn.SmoothL1Loss({ reduction: 'none' })(x, y)), [0.125, 1.5, 2.5])
  t.same(await rounded(new nn.SmoothL1Loss({ reduction: 'none', beta: 0 })(x, y)), [0.5, 2, 3])
  t.same(await rounded(new nn.HuberLoss({ reduction: 'none', delta: 2 })(x, y)), [0.125, 2, 4])
  const [p, q] = [tensor([[Math.log(0.5), Math.log(0.5)]]), tensor([[1, 0]])]
  t.same(await rounded(new nn.KLDivLoss({ reduction: 'batchmean' })(p, q)), [0.6931])
  t.same(await rounded(new nn.NLLLoss()(p, labels(1))), [0.6931])
})

t.test('binary cross-entropy of logits is finite where probabilities round to 0 and 1', async (t) => {
  const loss = new nn.BCEWithLogitsLoss({ reduction: 'none' })
  t.same(await rounded(loss(tensor([1e4, -1e4, 0]), tensor([0, 0, 1]))), [1e4, 0, 0.6931])
  const positive = new nn.BCEWithLogitsLoss({ posWeight: tensor([3]) })
  t.same(await rounded(positive(tensor([0]), tensor([1]))), [2.0794])
  t.same(Object.keys(positive.stateDict()), ['pos_weight'])
})

t.test('wrong options are refused', async (t) => {
  t.throws(() => new nn.CrossEntropyLoss({ labelSmoothing: 2 }), {
    name: 'RangeError',
    message: 'CrossEntropyLoss: expected labelSmoothing to be between 0 and 1, got 2',
  })
  t.throws(() => new nn.SmoothL1Loss({ beta: -1 }), /SmoothL1Loss: expected beta to be finite and at least 0, got -1/)
  t.throws(
    () => new nn.KLDivLoss({ reduction: 'average' as 'mean' }),
    /KLDivLoss: expected reduction to be one of mean, sum, none, batchmean, got "average"/,
  )
})
