// npm run example -- NAME [OPTIONS]
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { info, manualSeed, type DeviceLike } from 'convcore'
import type { Example, Figures, Trained } from './example.js'
import { names } from './names.js'

const usage = `usage: npm run example -- NAME [OPTIONS]
  NAME            ${names.join(', ')}
  --epochs N      passes over the training data
  --samples N     images of each split at most
  --seed N        of all random numbers, default 0
  --data DIR      folder of the data sets, default $CONVCORE_DATA
  --device D      default cpu
  --style S       of mnist-cnn: sequential (default), functional or subclass
  --pictures DIR  folder for pictures, which otherwise are shown here
  --json FILE     file for the final figures`

function fail(message: string): never {
  console.error(`${message}\n\n${usage}`)
  process.exit(2)
}

function whole(name: string, text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isSafeInteger(value) || value < 0)
    fail(`--${name}: expected a whole number from 0 on, got "${text}"`)
  return value
}

function readArguments() {
  const string = { type: 'string' } as const
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        epochs: string,
        samples: string,
        seed: string,
        data: string,
        device: string,
        style: string,
        pictures: string,
        json: string,
      },
    })
    return { ...values, positionals }
  } catch (error) {
    return fail((error as Error).message)
  }
}

const {
  positionals,
  epochs,
  samples,
  seed = '0',
  data = process.env.CONVCORE_DATA,
  device = 'cpu',
  style,
  pictures,
  json,
} = readArguments()
const [name] = positionals
if (!name || positionals.length > 1 || !names.includes(name))
  fail(`expected the name of one example, got "${positionals.join(' ')}"`)

if (data) process.env.CONVCORE_DATA = data // where the library looks, too
const example = (await import(`./${name}.js`)) as Example
manualSeed(whole('seed', seed))
const { isa, threads } = info()
console.log(`${name} on ${device} (${isa}, ${threads} ${threads === 1 ? 'thread' : 'threads'}), seed ${seed}`)
const figures = await example.run({
  epochs: epochs === undefined ? example.epochs : whole('epochs', epochs),
  samples: samples === undefined ? undefined : whole('samples', samples),
  seed: whole('seed', seed),
  data: data || undefined,
  device: device as DeviceLike,
  style,
  pictures,
})
const { testAccuracy, parameters, seconds, weights } = figures as Partial<Trained> & Figures
const words = [
  testAccuracy !== undefined && `test accuracy ${(100 * testAccuracy).toFixed(2)} %`,
  parameters !== undefined && `${parameters} parameters`,
  `${seconds.toFixed(1)} s`,
  weights !== undefined && `weights ${weights.slice(0, 16)}`,
]
console.log(words.filter(Boolean).join(', '))
if (json) await writeFile(json, `${JSON.stringify(figures, undefined, 2)}\n`)
