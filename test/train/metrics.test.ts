import t from 'tap'
import { tensor, train } from 'convcore'

const logits = tensor([
  [0.1, 0.7, 0.2],
  [0.9, 0.05, 0.05],
  [0.2, 0.3, 0.5],
  [0.4, 0.5, 0.1],
])

t.test('accuracy counts the rows whose largest logit is the label', async (t) => {
  t.equal(await train.accuracy(logits, tensor(Int32Array.of(1, 0, 2, 0))).item(), 0.75)
  t.equal(await train.errorRate(logits, tensor(Int32Array.of(1, 0, 2, 0))).item(), 0.25)
})

t.test('labels may be one-hot', async (t) => {
  const oneHot = tensor([
    [0, 1, 0],
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ])
  t.equal(await train.accuracy(logits, oneHot).item(), 0.5)
})

t.test('labels that do not fit are refused', async (t) => {
  t.throws(() => train.accuracy(logits, tensor(Int32Array.of(1, 0))), {
    name: 'ShapeError',
    message: 'accuracy: expected logits [N, C] and labels [N] or [N, C], got [4, 3] and [2]',
  })
  t.throws(() => train.accuracy(tensor([1, 2]), tensor(Int32Array.of(1, 0))), { name: 'ShapeError' })
})
