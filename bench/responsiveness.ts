// How late a timer fires while a network trains in the same thread: npm run bench:responsiveness -- [--seconds 10]
import { parseArgs } from 'node:util'
import { data, models, nn, optim, train } from 'convcore'
import { quantile } from './statistics.js'

const INTERVAL = 10 // milliseconds

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '10' } } })
const seconds = Number(values.seconds)
if (!(seconds > 0)) throw new RangeError(`--seconds: expected a number above 0, got "${values.seconds}"`)

const samples = data.digits({ count: 6400 })
const model = models.mnistCnn()
const trainer = new train.Trainer(model, {
  optimizer: new optim.Adam(model.parameters()),
  loss: new nn.CrossEntropyLoss(),
})

/** Milliseconds by which each firing was late, sorted, while `work` went on. */
async function lateness(work: () => Promise<unknown>): Promise<number[]> {
  const late: number[] = []
  let expected = performance.now() + INTERVAL
  const timer = setInterval(() => {
    const now = performance.now()
    late.push(Math.max(0, now - expected))
    expected = now + INTERVAL
  }, INTERVAL)
  await work()
  clearInterval(timer)
  return late.sort((a, b) => a - b)
}

const report = (name: string, late: number[]) => {
  const [p50, p99] = [quantile(late, 0.5), quantile(late, 0.99)]
  console.log(`${name}: ${late.length} firings, late by ${p50.toFixed(1)} ms (median), ${p99.toFixed(1)} (p99), \
${late.at(-1)!.toFixed(1)} (worst)`)
}

report('idle', await lateness(() => new Promise((resolve) => setTimeout(resolve, 1000 * seconds))))
await trainer.fit(samples, { epochs: 1, batchSize: 640 }) // warm-up
const end = performance.now() + 1000 * seconds
const untilEnd: train.Callback = {
  onUpdate(run) {
    if (performance.now() > end) run.stop()
  },
}
report('training', await lateness(() => trainer.fit(samples, { epochs: 1e6, batchSize: 64, callbacks: [untilEnd] })))
