import t from 'tap'
import { memory, nn, optim, tensor, train } from 'convcore'
import { settle } from '../garbage.js'

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

t.test('top-k counts the rows whose label is among the k largest logits', async (t) => {
  const labels = tensor(Int32Array.of(0, 1, 0, 2))
  const share = (k: number, x = logits, y = labels) => train.topK(k)(x, y).item()
  t.same([await share(1), await share(2), await share(3)], [0, 0.25, 1])
  t.equal(train.topK(5).name, 'top5')
  const ties = tensor([
    [1, 1, 1],
    [0, 0, NaN],
  ])
  for (const label of [0, 1, 2]) {
    const y = tensor(Int32Array.of(label, 0))
    t.equal(await share(1, ties, y), await train.accuracy(ties, y).item())
    t.equal(await share(2, ties, y), label < 2 ? 1 : 0.5)
  }
  t.equal(await share(3, logits, tensor(Int32Array.of(-1, 3, -1, 3))), 0, 'labels that are no class')
  t.throws(() => train.topK(0), { name: 'RangeError', message: 'topK: expected k to be an integer ≥ 1, got 0' })
  t.throws(() => train.topK(1)(logits, tensor(Int32Array.of(1))), { name: 'ShapeError', message: /^topK: expected/ })
})

/** Logits that answer these classes, of three. */
const answers = (...classes: number[]) => tensor(classes.map((answer) => [0, 1, 2].map((c) => (c === answer ? 1 : 0))))

const classes = (...labels: number[]) => tensor(Int32Array.from(labels))

/** Two batches: of label 0 two right and one taken for 1, of 1 one right, one taken for 0; 2 never occurs. */
const batches: train.Batch[] = [
  [answers(0, 1, 0), classes(0, 0, 0)],
  [answers(1, 0), classes(1, 1)],
]

async function count(metric: train.EpochMetric, all = batches): Promise<unknown> {
  const counter = metric.start()
  for (const batch of all) counter.update(...batch)
  const figure = await counter.compute()
  counter.reset()
  return figure
}

t.test('precision, recall and F1 are of the whole epoch, not averages of batches', async (t) => {
  const near = async (metric: train.EpochMetric, expected: number) => {
    const figure = (await count(metric)) as number
    t.ok(Math.abs(figure - expected) < 1e-12, `${metric.name}: ${figure}`)
  }
  await near(train.precision(), (2 / 3 + 1 / 2) / 2)
  await near(train.recall(), (2 / 3 + 1 / 2) / 2)
  await near(train.f1(), (2 / 3 + 1 / 2) / 2)
  await near(train.precision({ average: 'micro' }), 3 / 5)
  await near(train.f1({ average: 'micro' }), 3 / 5)
  t.same(await count(train.recall({ average: 'none' })), { 'recall[0]': 2 / 3, 'recall[1]': 1 / 2, 'recall[2]': 0 })
  t.equal(await count(train.f1(), []), 0)
  t.throws(() => train.f1({ average: 'weighted' as never }), {
    name: 'RangeError',
    message: `f1: expected average 'macro', 'micro' or 'none', got "weighted"`,
  })
})

t.test('a confusion matrix counts labels by row, answers by column', async (t) => {
  const matrix = train.confusionMatrix()
  t.equal(matrix.latest, undefined)
  t.same(await count(matrix), {})
  const expected = [
    [2, 1, 0],
    [1, 1, 0],
    [0, 0, 0],
  ]
  t.same(matrix.latest, expected)
  const counter = matrix.start()
  counter.update(answers(2, 1), classes(-1, 2))
  counter.update(answers(0), answers(2))
  t.same(await counter.counts(), [
    [0, 0, 0],
    [0, 0, 0],
    [1, 1, 0],
  ])
  const other = matrix.start()
  other.loadStateDict(counter.stateDict())
  counter.reset()
  t.same((await other.counts())[2], [1, 1, 0])
  t.same(await counter.counts(), [])
  t.throws(() => other.update(tensor([[1, 2]]), classes(0)), {
    name: 'ShapeError',
    message: 'confusionMatrix: expected 3 classes as before, got 2',
  })
  t.throws(() => other.update(answers(1), classes(0, 1)), { name: 'ShapeError', message: /logits \[N, C\]/ })
})

t.test('a trainer reports them, in every epoch and evaluation for itself', async (t) => {
  const model = new nn.Sequential(new nn.Linear(3, 3))
  const matrix = train.confusionMatrix()
  const trainer = new train.Trainer(model, {
    optimizer: new optim.SGD(model.parameters(), { lr: 0 }),
    loss: new nn.CrossEntropyLoss(),
    metrics: [train.accuracy, train.f1(), matrix],
  })
  await settle()
  const before = memory().tensors
  const history = await trainer.fit(batches, { epochs: 2, validation: batches })
  t.same(Object.keys(history[0]!), [
    'epoch',
    'loss',
    'accuracy',
    'f1',
    'validationLoss',
    'validationAccuracy',
    'validationF1',
    'seconds',
  ])
  t.equal(history[0]!.f1, history[1]!.f1)
  t.equal(history[0]!.f1, history[0]!.validationF1)
  t.equal(
    matrix.latest!.flat().reduce((a, b) => a + b, 0),
    5,
  )
  await trainer.evaluate(batches.slice(0, 1))
  t.equal(
    matrix.latest!.flat().reduce((a, b) => a + b, 0),
    3,
  )
  t.equal(memory().tensors, before)
})

t.test('a loss is a figure too, and figures need names of their own', async (t) => {
  const loss = new nn.CrossEntropyLoss()
  const trainer = new train.Trainer(new nn.Sequential(new nn.Dropout(0)), {
    loss,
    metrics: [train.meanLoss(loss), train.meanLoss(new nn.CrossEntropyLoss(), 'again')],
  })
  const figures = await trainer.evaluate(batches)
  t.equal(figures.meanLoss, figures.loss)
  t.equal(figures.again, figures.loss)
  for (const metrics of [[train.f1(), train.f1({ average: 'micro' })], [train.meanLoss(loss, 'loss')]])
    t.throws(() => new train.Trainer(new nn.Sequential(), { loss, metrics }), {
      name: 'RangeError',
      message: /^Trainer: expected metrics with names of their own, got/,
    })
})
