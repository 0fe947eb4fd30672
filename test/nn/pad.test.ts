import { arange, nn, pad, type Tensor } from 'convcore'
import t from 'tap'

const volume = arange(2 * 3 * 4 * 4 * 4, { dtype: 'float32' }).reshape([2, 3, 4, 4, 4])
const image = volume.reshape([2, 3, 16, 4])
const signal = volume.reshape([2, 3, 64])

const pairs: [nn.Module & ((x: Tensor) => Tensor), Tensor, Tensor][] = [
  [new nn.ConstantPad1d(2, 3.5), signal, pad(signal, [2, 2], { value: 3.5 })],
  [new nn.ConstantPad2d([1, 2, 0, 3], -1), image, pad(image, [1, 2, 0, 3], { value: -1 })],
  [new nn.ConstantPad3d(1, 7), volume, pad(volume, [1, 1, 1, 1, 1, 1], { value: 7 })],
  [new nn.ZeroPad1d([3, 0]), signal, pad(signal, [3, 0])],
  [new nn.ZeroPad2d(-1), image, pad(image, [-1, -1, -1, -1])],
  [new nn.ZeroPad3d(1), volume, pad(volume, [1, 1, 1, 1, 1, 1])],
  [new nn.ReflectionPad1d(3), signal, pad(signal, [3, 3], { mode: 'reflect' })],
  [new nn.ReflectionPad2d([1, 2, 3, 0]), image, pad(image, [1, 2, 3, 0], { mode: 'reflect' })],
  [new nn.ReflectionPad3d(1), volume, pad(volume, [1, 1, 1, 1, 1, 1], { mode: 'reflect' })],
  [new nn.ReplicationPad1d(2), signal, pad(signal, [2, 2], { mode: 'replicate' })],
  [new nn.ReplicationPad2d(1), image, pad(image, [1, 1, 1, 1], { mode: 'replicate' })],
  [new nn.ReplicationPad3d([1, 0, 0, 2, 1, 1]), volume, pad(volume, [1, 0, 0, 2, 1, 1], { mode: 'replicate' })],
]

t.test('padding modules pad as the function does', (t) => {
  for (const [module, x, want] of pairs) {
    const y = module(x)
    t.same(y.shape, want.shape, String(module))
    t.same(y.dataSync(), want.dataSync(), String(module))
  }
  t.end()
})

t.test('padding modules refuse another number of ends', (t) => {
  const message = /ZeroPad2d: expected padding to be a whole number or 4 of them, got \[1, 2\]/
  t.throws(() => new nn.ZeroPad2d([1, 2]), { name: 'RangeError', message })
  t.throws(() => new nn.ReflectionPad1d(0.5), { name: 'RangeError', message: /ReflectionPad1d.*0\.5/ })
  t.end()
})
