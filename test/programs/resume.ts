// Trains a small network and says so after every step. With a folder as its argument it saves checkpoints there, and goes
// on from the newest one. It starts when it is told to, and ends with a hash of its weights and history.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { data, Generator, manualSeed, nn, optim, train } from 'convcore'

manualSeed(42)
const model = new nn.Sequential(
  new nn.AvgPool2d(4),
  new nn.Flatten(),
  new nn.Linear(49, 12),
  new nn.BatchNorm1d(12),
  new nn.ReLU(),
  new nn.Dropout(0.2),
  new nn.Dropout(0.1, { generator: new Generator(7) }),
  new nn.Linear(12, 10),
)
const optimizer = new optim.Adam(model.parameters(), { lr: 3e-3 })
const scheduler = {
  steps: 0,
  step() {
    this.steps++
    for (const group of optimizer.paramGroups) group.lr = 3e-3 * 0.999 ** this.steps
  },
  stateDict: () => ({ steps: scheduler.steps }),
  loadStateDict: ({ steps }: { steps: number }) => void (scheduler.steps = steps),
}
const trainer = new train.Trainer(model, {
  optimizer,
  scheduler: { scheduler, per: 'step' },
  loss: new nn.CrossEntropyLoss(),
  metrics: [train.accuracy, train.f1()],
  accumulate: 2,
})
const digits = data.digits({ count: 150 })
const loader = new data.DataLoader(digits, { batchSize: 10, shuffle: true, prefetch: 2 })
const validation = new data.DataLoader(digits, { batchSize: 75, shuffle: true })

process.send!('ready')
await once(process, 'message')
const [, , folder] = process.argv
const callbacks: train.Callback[] = [
  { onUpdate: ({ updates }) => void process.send!(updates) },
  new train.EarlyStopping({ patience: 30 }),
]
if (folder) callbacks.push(new train.Checkpoint(folder, { everySteps: 3, monitor: 'validationF1', keepLast: 2 }))
const history = await trainer.fit(loader, { epochs: 50, validation, callbacks, resume: Boolean(folder) })
const hash = createHash('sha256')
for (const x of Object.values(model.stateDict())) hash.update(await x.data())
for (const { seconds, ...figures } of history) if (seconds >= 0) hash.update(JSON.stringify(figures))
process.send!(hash.digest('hex'))
process.disconnect()
