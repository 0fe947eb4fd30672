import { manualSeed, nn, optim, tensor } from 'convcore'
import t from 'tap'

const index = tensor(Int32Array.of(3, 0, 3, 1), { shape: [2, 2] })

t.test('an embedding gives a row for each index', (t) => {
  const module = new nn.Embedding(4, 3)
  const weight = module.weight.dataSync()
  const y = module(index)
  t.same(y.shape, [2, 2, 3])
  t.same(
    [...y.dataSync()],
    [3, 0, 3, 1].flatMap((row) => [...weight.slice(3 * row, 3 * row + 3)]),
  )
  t.same(Object.keys(module.stateDict()), ['weight'])
  t.end()
})

t.test('rows learn from all their uses', (t) => {
  const module = new nn.Embedding(4, 1)
  const before = module.weight.dataSync()
  const optimizer = new optim.SGD(module.parameters(), { lr: 0.5 })
  module(index).sum().backward()
  optimizer.step()
  t.same(
    [...module.weight.dataSync()].map((w, i) => Math.fround(w - before[i]!).toFixed(4)),
    ['-0.5000', '-0.5000', '0.0000', '-1.0000'],
  )
  t.end()
})

t.test('the padding row starts as zeros and learns nothing', (t) => {
  manualSeed(3)
  const module = new nn.Embedding(4, 2, { paddingIdx: -1 })
  t.same([...module.weight.dataSync()].slice(6), [0, 0])
  t.ok([...module.weight.dataSync()].slice(0, 6).every((w) => w !== 0))
  module(index).sum().backward()
  t.same([...module.weight.grad!.dataSync()], [1, 1, 1, 1, 0, 0, 0, 0])
  t.end()
})

t.test('an embedding refuses what makes no sense', (t) => {
  t.throws(() => new nn.Embedding(0, 3), { name: 'RangeError', message: /Embedding.*numEmbeddings.*0/ })
  for (const paddingIdx of [4, -5, 0.5])
    t.throws(() => new nn.Embedding(4, 3, { paddingIdx }), { name: 'RangeError', message: /paddingIdx from -4 to 3/ })
  t.end()
})
