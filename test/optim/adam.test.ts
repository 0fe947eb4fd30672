import t from 'tap'
import { nn, optim } from 'convcore'
import { follow, runsOf } from './follow.js'

for (const run of runsOf('Adam'))
  t.test(`Adam follows PyTorch with ${JSON.stringify(run.options)}, bias from step ${run.biasFrom}`, async (t) => {
    const errors = follow(run, (params, options) => new optim.Adam(params, options))
    t.equal(errors.length, 20)
    t.ok(Math.max(...errors) < 1e-12, `largest error ${Math.max(...errors)}`)
  })

t.test('options out of range are refused', async (t) => {
  const make = (options: Partial<optim.AdamOptions>) => () => new optim.Adam(new nn.Linear(1, 1).parameters(), options)
  t.throws(make({ lr: -1 }), { name: 'RangeError', message: 'Adam: expected lr >= 0, got -1' })
  t.throws(make({ eps: -1 }), { message: 'Adam: expected eps >= 0, got -1' })
  t.throws(make({ betas: [1, 0.9] }), { message: 'Adam: expected betas[0] >= 0 and < 1, got 1' })
  t.throws(make({ betas: [0.9, -1] }), { message: 'Adam: expected betas[1] >= 0 and < 1, got -1' })
  t.throws(make({ weightDecay: -1 }), { message: 'Adam: expected weightDecay >= 0, got -1' })
})
