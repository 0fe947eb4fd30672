import { crossEntropy, type Device, manualSeed, nn, optim, randn, scope, tensor } from 'convcore'
import t from 'tap'
import { skip } from './cuda.js'

const lenet = () =>
  new nn.Sequential(
    new nn.Conv2d(1, 6, 5, { padding: 2, bias: false }),
    new nn.BatchNorm2d(6),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Conv2d(6, 16, 5, { bias: false }),
    new nn.BatchNorm2d(16),
    new nn.ReLU(),
    new nn.AvgPool2d(2),
    new nn.Flatten(),
    new nn.Linear(400, 120),
    new nn.ReLU(),
    new nn.Dropout(0.25),
    new nn.Linear(120, 84),
    new nn.Tanh(),
    new nn.Linear(84, 10),
  )

const optimizers = {
  SGD: (model: nn.Module) => new optim.SGD(model.parameters(), { lr: 0.05, momentum: 0.9, weightDecay: 1e-4 }),
  Adam: (model: nn.Module) => new optim.Adam(model.parameters(), { lr: 1e-3 }),
}

/** Losses of some steps and the state after them. */
async function train(device: Device, optimizerOf: (model: nn.Module) => { step(): void; zeroGrad(): void }) {
  manualSeed(3)
  const model = lenet().to('cpu')
  const batches = Array.from({ length: 3 }, () => randn([4, 1, 28, 28], { device: 'cpu' }))
  model.to(device)
  const optimizer = optimizerOf(model)
  const losses: Promise<number>[] = []
  manualSeed(4)
  for (const [step, batch] of batches.entries())
    scope(() => {
      const labels = tensor(Int32Array.of(step, 1, 2, 9), { device })
      optimizer.zeroGrad()
      const loss = crossEntropy(model(batch.to(device)), labels)
      loss.backward()
      optimizer.step()
      losses.push(loss.item())
    })
  const state = Object.entries(model.stateDict()).map(async ([name, x]) => [name, Array.from(await x.data())] as const)
  return { losses: await Promise.all(losses), state: Object.fromEntries(await Promise.all(state)) }
}

for (const [name, optimizerOf] of Object.entries(optimizers))
  t.test(`steps of LeNet with batch norm and ${name} equal the CPU's`, { skip }, async (t) => {
    const here = await train('cpu:0', optimizerOf)
    const there = await train('cuda:0', optimizerOf)
    for (const [i, loss] of here.losses.entries())
      t.ok(Math.abs(loss - there.losses[i]!) < 1e-4 * Math.abs(loss), `loss ${i}: ${there.losses[i]} for ${loss}`)
    for (const [key, values] of Object.entries(here.state)) {
      const scale = values.reduce((top, v) => Math.max(top, Math.abs(v)), 1e-3)
      const worst = values.reduce((top, v, i) => Math.max(top, Math.abs(v - there.state[key]![i]!)), 0)
      t.ok(worst < 2e-3 * scale, `${key}: off by ${worst} of ${scale}`)
    }
    const again = await train('cuda:0', optimizerOf)
    t.same(again, there, 'and run after run they are the same bits')
  })
