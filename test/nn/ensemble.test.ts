import { add, crossEntropy, manualSeed, nn, randn, softmax, sub, tensor, type Tensor } from 'convcore'
import t from 'tap'
import { makeTrainer, rings } from '../train/toy.js'

const fixed = (...logits: number[]): nn.Layer => {
  const layer = new nn.Linear(1, logits.length)
  nn.init.zeros_(layer.weight)
  layer.bias!.detach().copy_(logits)
  return layer
}
const x = () => tensor([[0], [0]])
const distance = (a: Tensor, b: Tensor): number => sub(a, b).abs().max().itemSync()

t.test('L2.9: an ensemble adds up the logits of its members', (t) => {
  const ensemble = new nn.Ensemble([fixed(1, 2, 3), fixed(0, 5, 0), fixed(1, 1, -1)])
  t.same([...ensemble(x()).dataSync()], [2, 8, 2, 2, 8, 2])
  t.equal(ensemble.members.length, 3)
  t.same(Object.keys(ensemble.stateDict()).slice(0, 3), ['members.0.weight', 'members.0.bias', 'members.1.weight'])
  t.end()
})

t.test('an ensemble of probabilities gives logarithms of their mean, which are logits of it', (t) => {
  const members = [fixed(1, 2, 3), fixed(0, 50, 0)]
  const ensemble = new nn.Ensemble(members, { combine: 'probabilities' })
  const [a, b] = members.map((member) => softmax(member(x()), 1)) as [Tensor, Tensor]
  const mean = add(a, b).div(2)
  t.ok(distance(ensemble(x()).exp(), mean) < 1e-6)
  t.ok(distance(softmax(ensemble(x()), 1), mean) < 1e-6)
  const loss = crossEntropy(ensemble(x()), tensor(Int32Array.of(2, 1)))
  t.ok(distance(loss, mean.log().neg().flatten().indexSelect(0, Int32Array.of(2, 4)).mean()) < 1e-5)
  t.match(String(ensemble), /^Ensemble\(\n {2}combine=probabilities/)
  t.end()
})

t.test('members that are trained one by one are evaluated singly and together', async (t) => {
  manualSeed(2)
  const make = () => new nn.Sequential(new nn.Linear(2, 8), new nn.Tanh(), new nn.Linear(8, 2))
  const ensemble = new nn.Ensemble([make(), make(), make()])
  const single: number[] = []
  for (const member of ensemble.members) {
    const trainer = makeTrainer({}, member)
    await trainer.fit(rings(), { epochs: 12, batchSize: 16 })
    single.push((await trainer.evaluate(rings())).accuracy!)
  }
  const together = (await makeTrainer({}, ensemble).evaluate(rings())).accuracy!
  t.ok(together >= single.reduce((a, b) => a + b) / 3, `${single} together ${together}`)
  t.ok([...ensemble.modules()].every(({ training }) => training))
  t.ok([...ensemble.eval().modules()].every(({ training }) => !training))
})

t.test('misuse is explained', (t) => {
  t.throws(() => new nn.Ensemble([]), {
    name: 'RangeError',
    message: /Ensemble: expected at least one member, got \[\]/,
  })
  t.throws(() => new nn.Ensemble([1 as never]), { name: 'TypeError', message: /to be a module, got 1/ })
  t.throws(() => new nn.Ensemble([fixed(1)], { combine: 'votes' as never }), {
    name: 'RangeError',
    message: /combine to be one of logits, probabilities, got "votes"/,
  })
  t.throws(() => new nn.Ensemble([fixed(1, 2), fixed(1, 2, 3)])(x()), { name: 'ShapeError' })
  t.throws(() => new nn.Ensemble([fixed(1, 2)])(randn([2, 3])), { name: 'ShapeError' })
  t.end()
})
