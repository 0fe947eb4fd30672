import t from 'tap'
import { data, nn, optim, randn, tensor, train } from 'convcore'

t.test('the event loop keeps turning while a network trains', async (t) => {
  const count = 1280
  const model = new nn.Sequential(
    new nn.Conv2d(1, 32, 3, { padding: 'same' }),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Conv2d(32, 32, 3, { padding: 'same' }),
    new nn.ReLU(),
    new nn.Flatten(),
    new nn.Linear(32 * 14 * 14, 10),
  )
  const samples = new data.TensorDataset(
    randn([count, 1, 28, 28]),
    tensor(Int32Array.from({ length: count }, (_, i) => i % 10)),
  )
  const trainer = new train.Trainer(model, {
    optimizer: new optim.Adam(model.parameters()),
    loss: new nn.CrossEntropyLoss(),
  })

  let turns = 0
  let turning = setImmediate(function turn() {
    turns++
    turning = setImmediate(turn)
  })
  const turnsOfSteps: number[] = []
  let before = 0
  const onUpdate = () => {
    turnsOfSteps.push(turns - before)
    before = turns
  }
  await trainer.fit(samples, { epochs: 2, batchSize: 64, callbacks: [{ onUpdate }] })
  clearImmediate(turning)

  // A step that computed on this thread would leave the loop a turn or two, where it awaits.
  turnsOfSteps.sort((a, b) => a - b)
  const median = turnsOfSteps[turnsOfSteps.length >> 1]!
  t.equal(turnsOfSteps.length, 40)
  t.ok(median >= 20, `${median} turns in a step`)
})
