// How long the example server takes to answer, from a process of its own, with and without training beside it, and with
// requests on the training's device or on another:
// npm run bench:serving -- [--seconds 10] [--rate 50] [--concurrency 4] [--requests 5000] [--devices cpu:1,cpu:0] [--json FILE]
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { data, info, vision } from 'convcore'
import { type Answered, closedLoop, openLoop } from './load.js'
import { ServerProcess } from './server.js'
import { quantile } from './statistics.js'

interface Row {
  device: string
  training: boolean
  /** `closed 4`: clients at a time; `open 50`: requests a second. */
  load: string
}

interface Result extends Row {
  answered: number
  failures: Answered['failures']
  perSecond: number
  /** Milliseconds. */
  p50: number
  p90: number
  p99: number
  worst: number
  /** Images that were computed together, on average. */
  batch: number
  /** Steps of training a second, meanwhile. */
  steps: number
}

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    rate: { type: 'string', default: '50' },
    concurrency: { type: 'string', default: '4' },
    requests: { type: 'string', default: '5000' },
    devices: { type: 'string', default: 'cpu:1,cpu:0' },
    json: { type: 'string' },
  },
})
const [seconds, rate, concurrency, requests] = (['seconds', 'rate', 'concurrency', 'requests'] as const).map((name) => {
  const value = Number(values[name])
  if (!(value > 0)) throw new RangeError(`--${name}: expected a number above 0, got "${values[name]}"`)
  return value
}) as [number, number, number, number]

const folder = await mkdtemp(join(tmpdir(), 'convcore-'))
const trained = join(folder, 'trained')

/** Starts a server, has `use` ask it, and ends it. */
async function withServer<T>(args: string[], use: (server: ServerProcess) => Promise<T>): Promise<T> {
  const server = await ServerProcess.start(args)
  try {
    return await use(server)
  } finally {
    server.signal('SIGTERM')
    await server.exitCode()
  }
}

async function measure(server: ServerProcess, row: Row, send: () => Promise<Answered>): Promise<Result> {
  const names = ['training_updates', 'serve_batch_size_sum', 'serve_batch_size_count']
  const read = () => Promise.all(names.map((name) => server.metric(name)))
  const before = await read()
  const { latencies, failures, seconds } = await send()
  const [steps, images, batches] = (await read()).map((value, i) => value - before[i]!) as [number, number, number]
  return {
    ...row,
    answered: latencies.length,
    failures,
    perSecond: latencies.length / seconds,
    p50: quantile(latencies, 0.5),
    p90: quantile(latencies, 0.9),
    p99: quantile(latencies, 0.99),
    worst: Math.max(...latencies),
    batch: images / batches,
    steps: steps / seconds,
  }
}

async function run(device: string, training: boolean): Promise<Result[]> {
  const own = join(folder, `${device.replace(':', '-')}-${training}`)
  await mkdir(own)
  await cp(join(trained, 'served.safetensors'), join(own, 'served.safetensors'))
  const args = ['--folder', own, '--device', device, '--epochs', training ? '1000000' : '0']
  return withServer(args, async (server) => {
    while (training && !((await server.metric('training_updates')) >= 10)) await setTimeout(50)
    const load = { url: server.url, uploads, seconds, requests }
    await closedLoop({ ...load, requests: 50 }, concurrency) // warms up
    const row = { device, training }
    return [
      await measure(server, { ...row, load: `closed ${concurrency}` }, () => closedLoop(load, concurrency)),
      await measure(server, { ...row, load: `open ${rate}` }, () => openLoop(load, rate)),
    ]
  })
}

const digits = data.digits({ split: 'test', count: 100 })
const uploads = await Promise.all(
  Array.from({ length: digits.length }, (_, i) =>
    vision.encodeImage(digits.images.slice(0, i, i + 1).reshape([1, 28, 28]), 'png'),
  ),
)
const results: Result[] = []
try {
  await withServer(['--folder', trained, '--epochs', '1', '--samples', '1000'], (server) => server.says(/^epoch 1:/))
  const { isa, threads } = info()
  console.log(`milliseconds per request, ${isa}, ${threads} threads`)
  console.log('device  training  load         per s     p50     p90     p99   worst  batch  steps/s  failed')
  for (const device of values.devices.split(','))
    for (const training of [false, true])
      for (const result of await run(device, training)) {
        results.push(result)
        const { load, perSecond, p50, p90, p99, worst, batch, steps, failures } = result
        const failed = Object.values(failures).reduce((sum, count) => sum + count, 0)
        const words = [
          device.padEnd(6),
          training ? 'yes     ' : 'no      ',
          load.padEnd(10),
          perSecond.toFixed(0).padStart(6),
        ]
        const times = [p50, p90, p99, worst].map((ms) => ms.toFixed(1).padStart(6))
        const rest = [batch.toFixed(1).padStart(5), steps.toFixed(1).padStart(7), String(failed).padStart(6)]
        console.log([...words, ...times, ...rest].join('  '))
      }
} finally {
  await rm(folder, { recursive: true })
}
if (values.json) {
  const machine = { processor: cpus()[0]?.model, processors: availableParallelism(), node: process.version, ...info() }
  const settings = { seconds, rate, concurrency, requests }
  await writeFile(values.json, `${JSON.stringify({ machine, settings, results }, undefined, 2)}\n`)
}
