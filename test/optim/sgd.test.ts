import t from 'tap'
import { nn, optim, tensor } from 'convcore'
import { follow, runsOf } from './follow.js'

for (const run of runsOf('SGD'))
  t.test(`SGD follows PyTorch with ${JSON.stringify(run.options)}, bias from step ${run.biasFrom}`, async (t) => {
    const errors = follow(run, (params, options) => new optim.SGD(params, options))
    t.equal(errors.length, 20)
    t.ok(Math.max(...errors) < 1e-12, `largest error ${Math.max(...errors)}`)
  })

t.test('momentum may be switched off and on between steps', async (t) => {
  const p = new nn.Parameter(tensor([0]))
  const sgd = new optim.SGD([p], { lr: 1, momentum: 0.5 })
  const step = async (momentum: number) => {
    p.grad = tensor([1])
    for (const group of sgd.paramGroups) group.momentum = momentum
    sgd.step()
    return p.item()
  }
  t.equal(await step(0.5), -1)
  t.equal(await step(0), -2)
  t.equal(await step(0.5), -3.5)
})

t.test('options out of range are refused', async (t) => {
  const make = (options: Partial<optim.SGDOptions>) => () => new optim.SGD(new nn.Linear(1, 1).parameters(), options)
  t.throws(make({ lr: -1 }), { name: 'RangeError', message: 'SGD: expected lr >= 0, got -1' })
  t.throws(make({ lr: NaN }), { message: 'SGD: expected lr >= 0, got NaN' })
  t.throws(make({ momentum: -0.1 }), { message: 'SGD: expected momentum >= 0, got -0.1' })
  t.throws(make({ weightDecay: -1 }), { message: 'SGD: expected weightDecay >= 0, got -1' })
  t.throws(make({ nesterov: true }), /expected momentum > 0 and dampening = 0 with nesterov/)
})
