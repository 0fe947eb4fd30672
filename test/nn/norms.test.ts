import t from 'tap'
import { memory, nn, randn, scope, tensor, type Tensor, zeros } from 'convcore'

const rounded = async (x?: Tensor): Promise<number[]> => Array.from((await x?.data()) ?? [], (v) => +v.toFixed(4))

t.test('LayerNorm normalises the last dimensions', async (t) => {
  const norm = new nn.LayerNorm(3)
  t.same(await rounded(norm(tensor([[1, 2, 3], [0, 30, 60]]))), [-1.2247, 0, 1.2247, -1.2247, 0, 1.2247]) // prettier-ignore
  t.same(new nn.LayerNorm([3, 4])(randn([2, 3, 4])).shape, [2, 3, 4])
  const names = (norm: nn.Module) => Object.keys(norm.stateDict())
  t.same(names(norm), ['weight', 'bias'])
  t.same(names(new nn.LayerNorm(3, { bias: false })), ['weight'])
  t.same(names(new nn.LayerNorm(3, { elementwiseAffine: false })), [])
})

t.test('GroupNorm normalises groups of channels of each sample', async (t) => {
  const x = tensor([[1, 3, 10, 30]]) // prettier-ignore
  t.same(await rounded(new nn.GroupNorm(2, 4)(x)), [-1, 1, -1, 1])
  t.same(new nn.GroupNorm(2, 4)(randn([2, 4, 3, 3])).shape, [2, 4, 3, 3])
})

t.test('InstanceNorm normalises channels of each sample, in evaluation too', async (t) => {
  const x = tensor([[[1, 3], [10, 30]]]) // prettier-ignore
  const norm = new nn.InstanceNorm1d(2)
  t.same(await rounded(norm(x)), [-1, 1, -1, 1])
  t.same(await rounded(norm.eval()(x)), [-1, 1, -1, 1])
  t.same([...norm.parameters()], [], 'without parameters')
})

t.test('InstanceNorm with running statistics evaluates by them', async (t) => {
  const norm = new nn.InstanceNorm1d(1, { affine: true, trackRunningStats: true, eps: 0 })
  norm(tensor([[[1, 3]], [[5, 9]]]))
  t.same(await rounded(norm.runningMean), [0.45], 'a tenth of the way to 4.5, the mean of the means')
  t.same(await rounded(norm.runningVar), [1.4], 'a tenth of the way to 5, the mean of the unbiased variances')
  t.same(await rounded(norm.eval()(tensor([[[0.45, 0.45 + Math.sqrt(1.4)]]]))), [0, 1])
  t.equal(await norm.numBatchesTracked?.item(), 0, 'batches are not counted, as in PyTorch')
  t.same(Object.keys(norm.stateDict()), ['weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked'])
})

t.test('LocalResponseNorm divides by what neighbouring channels have', async (t) => {
  const norm = new nn.LocalResponseNorm(3, { alpha: 3, beta: 1, k: 1 })
  t.same(await rounded(norm(tensor([[[1], [2], [3]]]))), [0.1667, 0.1333, 0.2143])
})

t.test('BatchNorm3d takes volumes', async (t) => {
  t.same(new nn.BatchNorm3d(2)(randn([2, 2, 3, 2, 2])).shape, [2, 2, 3, 2, 2])
})

t.test('steps leave nothing behind', async (t) => {
  const net = new nn.Sequential(
    new nn.GroupNorm(2, 4),
    new nn.InstanceNorm2d(4, { affine: true, trackRunningStats: true }),
    new nn.LocalResponseNorm(3),
    new nn.Dropout2d(),
    new nn.LayerNorm(5),
  )
  const before = memory().tensors
  for (let i = 0; i < 3; i++) scope(() => net(zeros([2, 4, 5, 5])).sum().backward()) // prettier-ignore
  net.zeroGrad()
  t.equal(memory().tensors, before)
})

t.test('wrong arguments and inputs are refused', async (t) => {
  t.throws(() => new nn.GroupNorm(3, 4), {
    name: 'RangeError',
    message: 'GroupNorm: expected numChannels to be a multiple of numGroups = 3, got 4',
  })
  t.throws(() => new nn.GroupNorm(0, 4), /GroupNorm: expected numGroups to be a positive integer, got 0/)
  t.throws(() => new nn.LayerNorm([]), /LayerNorm: expected normalizedShape to be a size or sizes, got \[\]/)
  t.throws(() => new nn.LayerNorm([2, 0]), /LayerNorm: expected normalizedShape to be a positive integer, got 0/)
  t.throws(() => new nn.InstanceNorm2d(3, { eps: -1 }), /InstanceNorm2d: expected eps .*got -1/)
  t.throws(() => new nn.LocalResponseNorm(0), /LocalResponseNorm: expected size to be a positive integer, got 0/)
  t.throws(() => new nn.InstanceNorm2d(3)(zeros([2, 4, 5, 5])), {
    name: 'ShapeError',
    message: 'InstanceNorm2d: expected input of rank 4 with 3 channels, got [2, 4, 5, 5]',
  })
})
