import t from 'tap'
import { data } from 'convcore'

const { DataLoader, digits } = data

t.test('digits are laid out as MNIST', async (t) => {
  const dataset = digits({ count: 40 })
  t.equal(dataset.length, 40)
  t.same(dataset.images.shape, [40, 1, 28, 28])
  t.equal(dataset.images.dtype, 'uint8')
  t.same(dataset.classes, ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
  for await (const [x, y] of new DataLoader(dataset, { batchSize: 16 })) {
    t.same(x.shape.slice(1), [1, 28, 28])
    t.equal(x.dtype, 'float32')
    t.equal(y.dtype, 'int32')
    t.ok((await x.data()).every((pixel) => pixel >= 0 && pixel <= 1))
  }
})

t.test('every ten in a row hold every class once, in no fixed order', async (t) => {
  const labels = await digits({ count: 100 }).labels.data()
  const orders = Array.from({ length: 10 }, (_, i) => labels.slice(10 * i, 10 * i + 10))
  for (const order of orders) t.same([...order].toSorted(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  t.ok(new Set(orders.map((order) => order.join())).size > 5)
})

t.test('a seed fixes the images, and a smaller count is a prefix', async (t) => {
  const images = async (options: data.DigitsOptions) =>
    Buffer.from(await digits(options).images.data()).toString('base64', 0, 20 * 784)
  const expected = await images({ count: 20, seed: 3 })
  t.ok((await images({ count: 20, seed: 3 })) === expected)
  t.ok((await images({ count: 30, seed: 3 })) === expected)
  t.ok((await images({ count: 20, seed: 4 })) !== expected)
  t.ok((await images({ count: 20, seed: 3, split: 'test' })) !== expected)
})

t.test('every image has ink, and no two are alike', async (t) => {
  const pixels = await digits({ count: 500 }).images.data()
  const images = Array.from({ length: 500 }, (_, i) => pixels.subarray(784 * i, 784 * (i + 1)))
  t.ok(images.every((image) => image.filter((pixel) => pixel > 127).length >= 15))
  t.equal(new Set(images.map((image) => image.join())).size, 500)
})

t.test('no digits at all are a dataset too', async (t) => {
  t.equal(digits({ count: 0 }).length, 0)
})

t.test('wrong options are refused', async (t) => {
  t.throws(() => digits({ count: -1 }), { name: 'RangeError', message: /count .* got -1/ })
  t.throws(() => digits({ count: 2.5 }), { name: 'RangeError' })
  t.throws(() => digits({ seed: -1 }), { name: 'RangeError', message: /seed/ })
  t.throws(() => digits({ split: 'all' as 'train' }), { name: 'RangeError', message: /'train' or 'test'/ })
})
