import t from 'tap'
import {
  crossEntropy,
  layoutConversions,
  maxPool2d,
  models,
  nn,
  ones,
  randn,
  scope,
  tensor,
  toChannelsLast,
  toRowMajor,
  type Tensor,
} from 'convcore'
import { build as mnistCnn } from '../examples/mnist-cnn.js'

/** Conversions in one training step after the first. */
function conversions(model: nn.Layer): number {
  const x = randn([4, 1, 28, 28])
  const labels = tensor(Int32Array.of(0, 1, 2, 3))
  const step = () => scope(() => crossEntropy(model(x), labels).backward())
  step()
  const before = layoutConversions()
  step()
  return layoutConversions() - before
}

t.test('a network converts its layout at flatten, forward and backward, and nowhere else', (t) => {
  t.equal(conversions(mnistCnn()), 2)
  t.equal(conversions(models.mnistCnn()), 2)
  t.equal(conversions(models.mnistBn()), 2)
  t.equal(conversions(models.simpleConvNet()), 2)
  t.end()
})

t.test('images of one channel, and of one pixel, change layout without a copy', (t) => {
  const before = layoutConversions()
  toChannelsLast(ones([2, 1, 3, 3]))
  toChannelsLast(ones([2, 5, 1, 1])).flatten(1)
  t.equal(layoutConversions(), before)
  t.end()
})

t.test('logical order is what is read, whatever the layout', async (t) => {
  const x = tensor(
    Float32Array.from({ length: 24 }, (_, i) => i),
    { shape: [1, 2, 3, 4] },
  )
  const y = toChannelsLast(x)
  t.equal(y.layout, 'channelsLast')
  t.same(await y.data(), await x.data())
  t.same(await toRowMajor(y).data(), await x.data())
  t.same(await y.add(x).data(), await x.add(y).data())
  t.same(await y.view(4, 6).data(), await x.data())
})

t.test('elementwise results keep their operand’s layout', (t) => {
  const y: Tensor = maxPool2d(ones([1, 3, 4, 4]), 2)
  t.equal(y.layout, 'channelsLast')
  t.equal(y.relu().layout, 'channelsLast')
  t.equal(y.add(1).layout, 'channelsLast')
  t.equal(y.mul(ones([3, 1, 1])).layout, 'channelsLast')
  t.equal(y.mean([2, 3], { keepDim: true }).layout, 'channelsLast')
  t.end()
})

t.test('only images and volumes have channels', (t) => {
  t.throws(() => toChannelsLast(ones([2, 3, 4])), { name: 'ShapeError', message: /toChannelsLast: .* \[2, 3, 4\]/ })
  t.equal(toChannelsLast(ones([1, 2, 3, 4, 5])).layout, 'channelsLast')
  t.end()
})

t.test('a reshaped tensor keeps a shape of its own, of at most eight dimensions', (t) => {
  const shape = [2, 3]
  const x = ones([6])
  const y = x.reshape(shape)
  shape[0] = 6
  t.same(y.shape, [2, 3])
  t.not(x.reshape([6]), x)
  t.throws(() => ones([1]).reshape(Array.from({ length: 9 }, () => 1)), { name: 'ShapeError', message: /at most 8/ })
  t.end()
})

t.test('the sum of a scalar is another tensor', (t) => {
  const x = tensor(5)
  const y = x.sum()
  x.copy_([7])
  t.equal(y.itemSync(), 5)
  t.end()
})
