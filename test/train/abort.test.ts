import t from 'tap'
import { nn } from 'convcore'
import { makeNet, makeTrainer, rings } from './toy.js'

t.test('a signal stops a run after its step and leaves a usable model', async (t) => {
  const model = makeNet().eval()
  const stop = new AbortController()
  const steps: number[] = []
  const run = makeTrainer({}, model).fit(rings(), {
    epochs: 1000,
    batchSize: 16,
    signal: stop.signal,
    onStep({ step }) {
      steps.push(step)
      if (step === 5) stop.abort()
    },
  })
  await t.rejects(run, { name: 'AbortError' })
  t.equal(steps.length, 5)
  t.notOk([...model.modules()].some((module) => module.training))
  t.ok((await makeTrainer({}, model).evaluate(rings())).loss > 0)
  t.equal((await makeTrainer({}, model).fit(rings(), { epochs: 1 })).length, 1)
})

t.test('a trainer’s own signal stops fit, evaluate and predict with its reason', async (t) => {
  const reason = new Error('the user left')
  const trainer = makeTrainer({ signal: AbortSignal.abort(reason) })
  await t.rejects(trainer.fit(rings(), { epochs: 1 }), reason)
  await t.rejects(trainer.evaluate(rings()), reason)
  await t.rejects(trainer.predict(rings() as never), reason)
  t.ok(trainer.model.training)
})

t.test('the event loop turns while a model trains', async (t) => {
  let turns = 0
  const timer = setInterval(() => turns++, 1)
  const net = new nn.Sequential(new nn.Linear(2, 400), new nn.Linear(400, 2))
  await makeTrainer({}, net).fit(rings(2000), { epochs: 5, batchSize: 50 })
  clearInterval(timer)
  t.ok(turns > 5, `${turns} turns`)
})
