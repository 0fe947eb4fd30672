import {
  arange,
  emptyLike,
  eye,
  fullLike,
  Generator,
  linspace,
  onesLike,
  rand,
  randLike,
  randn,
  randnLike,
  type Tensor,
  toChannelsLast,
  zeros,
  zerosLike,
} from 'convcore'
import t from 'tap'

const values = (x: Tensor) => [...x.dataSync()]

t.test('eye has ones where row and column are the same', (t) => {
  t.same(values(eye(2)), [1, 0, 0, 1])
  t.same(values(eye(2, 3, { dtype: 'int32' })), [1, 0, 0, 0, 1, 0])
  t.same(values(eye(3, 1)), [1, 0, 0])
  t.same(eye(0).shape, [0, 0])
  t.throws(() => eye(-1), { name: 'ShapeError', message: /eye.*-1/ })
  t.end()
})

t.test('arange counts up to its end, which it leaves out', (t) => {
  t.same(values(arange(4)), [0, 1, 2, 3])
  t.same(values(arange(3, { dtype: 'int32' })), [0, 1, 2])
  t.same(values(arange(2, 5)), [2, 3, 4])
  t.same(values(arange(1, 2, 0.25, { dtype: 'float64' })), [1, 1.25, 1.5, 1.75])
  t.same(values(arange(5, 0, -2)), [5, 3, 1])
  t.same(arange(0).shape, [0])
  t.throws(() => arange(0, 1, 0), { name: 'RangeError', message: /arange.*step.*0/ })
  t.throws(() => arange(0, 1, -1), { name: 'RangeError', message: /arange.*step.*-1/ })
  t.throws(() => arange(NaN), { name: 'RangeError', message: /arange.*end.*NaN/ })
  t.end()
})

t.test('linspace has both of its ends exactly', (t) => {
  t.same(values(linspace(0, 1, 5)), [0, 0.25, 0.5, 0.75, 1])
  t.same(values(linspace(1, -1, 3, { dtype: 'float64' })), [1, 0, -1])
  t.same(values(linspace(0.1, 0.7, 4, { dtype: 'float64' })).at(-1), 0.7)
  t.same(values(linspace(3, 9, 1)), [3])
  t.same(linspace(3, 9, 0).shape, [0])
  t.throws(() => linspace(0, 1, -1), { name: 'RangeError', message: /linspace.*steps.*-1/ })
  t.throws(() => linspace(0, Infinity, 2), { name: 'RangeError', message: /linspace.*end.*Infinity/ })
  t.end()
})

t.test('tensors like another have its shape, dtype, device and layout, unless told otherwise', (t) => {
  const x = toChannelsLast(zeros([2, 3, 1, 2], { dtype: 'float64', device: 'cpu:1' }))
  for (const y of [emptyLike(x), zerosLike(x), onesLike(x), fullLike(x, 7), randLike(x), randnLike(x)])
    t.match(y, { shape: x.shape, dtype: x.dtype, device: x.device, layout: x.layout, requiresGrad: false })
  t.same(values(onesLike(zeros([2]))), [1, 1])
  t.same(values(fullLike(zeros([2]), 7, { dtype: 'int32' })), [7, 7])
  t.equal(zerosLike(x, { device: 'cpu' }).device, 'cpu:0')
  t.equal(zerosLike(x, { requiresGrad: true }).requiresGrad, true)
  t.throws(() => zerosLike([1] as unknown as Tensor), { name: 'TypeError', message: /zerosLike/ })
  t.throws(() => zerosLike(x, { dtype: 'int7' as 'int32' }), { name: 'DTypeError', message: /zerosLike.*int7/ })
  t.end()
})

t.test('random numbers like another are those of its shape', (t) => {
  const x = zeros([2, 5])
  const from = () => ({ generator: new Generator(3) })
  t.same(values(randLike(x, from())), values(rand([2, 5], from())))
  t.same(values(randnLike(x, from())), values(randn([2, 5], from())))
  t.end()
})
