// A convolution keeps its geometry with its filters: another call with the same filters must not be taken for the last one.
import { conv2d, convTranspose2d, ones, ShapeError, type Tensor } from 'convcore'
import t from 'tap'

const filters = ones([2, 2, 3, 3])
const sides = (y: Tensor): readonly number[] => y.shape.slice(2)

t.test('images of other sizes, and other options, find the same filters', (t) => {
  const [small, large] = [ones([1, 2, 6, 6]), ones([1, 2, 9, 8])]
  for (let again = 0; again < 2; again++) {
    t.same(sides(conv2d(small, filters)), [4, 4])
    t.same(sides(conv2d(large, filters)), [7, 6])
    t.same(sides(conv2d(large, filters, undefined, { padding: 1 })), [9, 8])
    t.same(sides(conv2d(large, filters, undefined, { padding: 'same', stride: 2 })), [5, 4])
    t.same(sides(conv2d(large, filters, undefined, { dilation: 2 })), [5, 4])
    t.same(sides(convTranspose2d(small, filters)), [8, 8])
    t.same(sides(convTranspose2d(small, filters, undefined, { stride: 2 })), [13, 13])
    t.same(sides(convTranspose2d(small, filters, undefined, { stride: 2, outputPadding: 1 })), [14, 14])
  }
  t.end()
})

t.test('an array of sizes that is changed between two calls is read again', (t) => {
  const stride: [number, number] = [1, 1]
  const x = ones([1, 2, 7, 7])
  t.same(sides(conv2d(x, filters, undefined, { stride })), [5, 5])
  stride[0] = 2
  t.same(sides(conv2d(x, filters, undefined, { stride })), [3, 5])
  t.end()
})

t.test('a bias is looked at in every call', (t) => {
  const x = ones([1, 2, 7, 7])
  for (const op of [conv2d, convTranspose2d]) {
    op(x, filters, ones([2]))
    t.throws(() => op(x, filters, ones([3])), ShapeError)
  }
  t.end()
})
