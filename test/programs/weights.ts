// Trains a small network from a seed and prints a hash of its weights.
import { createHash } from 'node:crypto'
import { data, manualSeed, nn, optim, train } from 'convcore'

manualSeed(42)
const model = new nn.Sequential(
  new nn.Conv2d(1, 12, 5, { stride: 2 }),
  new nn.BatchNorm2d(12),
  new nn.ReLU(),
  new nn.MaxPool2d(2),
  new nn.Conv2d(12, 20, 3, { padding: 'same', groups: 2 }),
  new nn.ReLU(),
  new nn.AvgPool2d(2),
  new nn.Flatten(),
  new nn.Linear(180, 64),
  new nn.ReLU(),
  new nn.Dropout(0.3),
  new nn.Linear(64, 10),
)
const trainer = new train.Trainer(model, {
  optimizer: new optim.Adam(model.parameters()),
  loss: new nn.CrossEntropyLoss(),
})
await trainer.fit(data.digits({ count: 1000 }), { epochs: 2, batchSize: 50 })
const hash = createHash('sha256')
for (const tensor of Object.values(model.stateDict())) hash.update(await tensor.data())
console.log(hash.digest('hex'))
