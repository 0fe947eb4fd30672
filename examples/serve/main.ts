// npm run serve -- [OPTIONS]: a server that classifies images of digits while a network trains in the same process.
//   curl --data-binary @digit.png http://127.0.0.1:3000/predict
// The better network of each epoch takes over. SIGTERM and SIGINT answer what has come, and end the training so that the
// next start goes on with it.
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { manualSeed, type DeviceLike } from 'convcore'
import { loadDigits } from '../example.js'
import { Classifier } from './classifier.js'
import { Metrics } from './metrics.js'
import { createServer } from './server.js'
import { Training } from './training.js'

const usage = `usage: npm run serve -- [OPTIONS]
  --port N           default 3000; 0: one that is free
  --host ADDRESS     default 127.0.0.1, which other machines do not reach
  --folder DIR       of the training's checkpoint and of the weights that answer, default runs/serve
  --device D         where requests are computed, default cpu:1; the network trains on cpu
  --epochs N         passes over the training data, default 10; 0: no training
  --samples N        images of each split at most
  --seed N           of all random numbers, default 0
  --data DIR         folder of the data sets, default $CONVCORE_DATA
  --max-batch N      requests that are computed together, default 16
  --max-wait MS      that a request waits for others, default 1
  --max-requests N   under way at a time, default 256; others are answered 503
  --max-bytes N      of an upload, default 10485760`

function fail(error: unknown): never {
  console.error(`${(error as Error).message}\n\n${usage}`)
  process.exit(2)
}

function readArguments() {
  const text = (value: string) => ({ type: 'string', default: value }) as const
  const { values } = parseArgs({
    options: {
      port: text('3000'),
      host: text('127.0.0.1'),
      folder: text('runs/serve'),
      device: text('cpu:1'),
      epochs: text('10'),
      samples: { type: 'string' },
      seed: text('0'),
      data: { type: 'string', default: process.env.CONVCORE_DATA },
      'max-batch': text('16'),
      'max-wait': text('1'),
      'max-requests': text('256'),
      'max-bytes': text('10485760'),
    },
  })
  const whole = (name: Exclude<keyof typeof values, 'host' | 'folder' | 'device' | 'data'>): number => {
    const word = values[name] ?? ''
    if (!/^\d+$/.test(word)) throw new RangeError(`--${name}: expected a whole number from 0 on, got "${word}"`)
    return Number(word)
  }
  return {
    ...values,
    device: values.device as DeviceLike,
    port: whole('port'),
    epochs: whole('epochs'),
    samples: values.samples === undefined ? undefined : whole('samples'),
    seed: whole('seed'),
    batching: { maxBatch: whole('max-batch'), maxWaitMs: whole('max-wait'), maxQueue: whole('max-requests') },
    limits: { requests: whole('max-requests'), bytes: whole('max-bytes') },
  }
}

function prepare() {
  try {
    const options = readArguments()
    manualSeed(options.seed)
    const metrics = new Metrics()
    const { device, batching } = options
    return { options, metrics, classifier: new Classifier({ device, batching, metrics }) }
  } catch (error) {
    return fail(error)
  }
}

const { options, metrics, classifier } = prepare()
await classifier.open(options.folder).catch((error: unknown) => {
  console.error((error as Error).message)
  process.exit(1)
})
const training = new Training(classifier, options)
metrics.follow(training)
const server = createServer({ classifier, training, metrics, limits: options.limits })
server.listen(options.port, options.host)
await once(server, 'listening')
const { address, port } = server.address() as { address: string; port: number }
console.log(`listening on http://${address.includes(':') ? `[${address}]` : address}:${port}`)

/** Ends by itself when nothing is left to do; a second signal ends at once. */
async function stop(signal: NodeJS.Signals): Promise<void> {
  console.log(`${signal}: answering what has come, and stopping the training`)
  const closed = once(server, 'close')
  server.close()
  setTimeout(() => server.closeAllConnections(), 10_000).unref()
  await Promise.all([closed, training.stop()])
  await classifier.close()
  console.log('stopped')
}
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, (name) => void stop(name))

if (options.epochs > 0) await training.run(await loadDigits({ ...options, device: 'cpu' }))
