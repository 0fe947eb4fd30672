import t from 'tap'
import { type train } from 'convcore'
import { setTimeout } from 'node:timers/promises'
import { makeTrainer, rings } from './toy.js'
import { collect } from '../garbage.js'

t.test('a run as events', async (t) => {
  const seen: string[] = []
  for await (const event of makeTrainer().events(rings(64), { epochs: 2, batchSize: 32 }))
    switch (event.type) {
      case 'fitStart':
        seen.push(`start ${event.epochs}`)
        break
      case 'epochStart':
        seen.push(`epoch ${event.epoch}`)
        break
      case 'step':
        seen.push(`step ${event.record.step} ${event.record.loss > 0}`)
        break
      case 'epochEnd':
        seen.push(`end ${event.record.epoch}`)
        break
      case 'fitEnd':
        seen.push(`done ${event.history.length}`)
    }
  const epoch = (n: number) => [`epoch ${n}`, 'step 1 true', 'step 2 true', `end ${n}`]
  t.same(seen, ['start 2', ...epoch(1), ...epoch(2), 'done 2'])
})

t.test('the run waits for the loop', async (t) => {
  let updates = 0
  const callbacks: train.Callback[] = [{ onUpdate: (run) => void (updates = run.updates) }]
  for await (const event of makeTrainer().events(rings(), { epochs: 1, batchSize: 8, callbacks })) {
    if (event.type !== 'step') continue
    const before = updates
    await setTimeout(event.record.step < 4 ? 5 : 0)
    t.ok(updates <= before, 'nothing is enqueued meanwhile')
  }
  t.equal(updates, 32)
})

t.test('leaving the loop ends the run', async (t) => {
  const trainer = makeTrainer()
  let updates = 0
  const callbacks: train.Callback[] = [{ onUpdate: (run) => void (updates = run.updates) }]
  for await (const event of trainer.events(rings(), { epochs: 100, batchSize: 8, callbacks }))
    if (event.type === 'step' && event.record.step === 5) break
  const at = updates
  t.ok(at < 32)
  await setTimeout(5)
  t.equal(updates, at)
  t.ok(trainer.model.training)
  t.equal((await trainer.fit(rings(64), { epochs: 1 })).length, 1)
})

t.test('failures and aborts are thrown in the loop', async (t) => {
  const follow = async (options: Partial<train.FitOptions>) => {
    for await (const event of makeTrainer().events(rings(64), { epochs: 2, ...options })) t.ok(event.type)
  }
  await t.rejects(follow({ epochs: -1 }), { message: /non-negative integer, got -1/ })
  await t.rejects(follow({ onEpoch: () => Promise.reject(new Error('enough')) }), { message: 'enough' })
  await t.rejects(follow({ signal: AbortSignal.abort(new Error('left')) }), { message: 'left' })
})

t.test('events that were taken are forgotten while the run goes on', async (t) => {
  const taken: WeakRef<object>[] = []
  let alive = Infinity
  for await (const event of makeTrainer().events(rings(), { epochs: 1, batchSize: 8 }))
    if (event.type === 'step') taken.push(new WeakRef(event.record))
    else if (event.type === 'epochEnd') {
      await setTimeout(1)
      collect()
      alive = taken.filter((each) => each.deref()).length
    }
  t.equal(taken.length, 32)
  t.ok(alive < 4, `${alive} are left`)
})
