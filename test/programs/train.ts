// Trains a small network for ever and ends in the way that its argument names.
import { setImmediate } from 'node:timers/promises'
import { isMainThread, parentPort } from 'node:worker_threads'
import { crossEntropy, nn, optim, randn, scope, tensor } from 'convcore'

const model = new nn.Sequential(
  new nn.Conv2d(1, 8, 3, { padding: 'same' }),
  new nn.BatchNorm2d(8),
  new nn.ReLU(),
  new nn.MaxPool2d(2),
  new nn.Flatten(),
  new nn.Linear(8 * 14 * 14, 10),
)
const optimizer = new optim.Adam(model.parameters())
const x = randn([32, 1, 28, 28])
const labels = tensor(Int32Array.from({ length: 32 }, (_, i) => i % 10))

function step() {
  return scope(() => {
    optimizer.zeroGrad()
    const loss = crossEntropy(model(x), labels)
    loss.backward()
    optimizer.step()
    return loss
  })
}

const ends: Record<string, () => void> = {
  normal: () => undefined,
  exit: () => process.exit(7),
  throw: () => {
    throw new Error('thrown on purpose')
  },
  sigint: () => process.stdout.write('ready\n'),
  worker: () => parentPort?.postMessage('ready'),
}

const end = isMainThread ? (process.argv[2] ?? 'normal') : 'worker'
const losses = []
for (let i = 0; i < 5; i++) losses.push(step().data())
// Work is queued and reads are pending at the moment of the end.
ends[end]!()
if (end === 'sigint' || end === 'worker')
  for (;;) {
    step()
    await setImmediate()
  }
await Promise.all(losses)
