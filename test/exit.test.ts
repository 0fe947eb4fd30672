import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import t from 'tap'

const program = fileURLToPath(new URL('programs/train.js', import.meta.url))
t.setTimeout(900_000)

const TIMES = process.env.CONVCORE_SANITIZED ? 10 : 50 // a sanitizer slows each start down
const AT_ONCE = 2

/** Runs the program to its end. A hang is an end by SIGKILL. */
async function run(end: string): Promise<{ code: number | null; signal: NodeJS.Signals | null; errors: string }> {
  const child = spawn(process.execPath, [program, end], { timeout: 20_000, killSignal: 'SIGKILL' })
  let errors = ''
  child.stderr.on('data', (text) => (errors += String(text)))
  if (end === 'sigint') child.stdout.once('data', () => child.kill('SIGINT'))
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  return { code, signal, errors }
}

async function repeat(end: string) {
  const results: Awaited<ReturnType<typeof run>>[] = []
  const lane = async () => {
    while (results.length < TIMES) results.push(await run(end))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
  return results
}

const outcomes = [
  { name: 'that runs to its end exits with code 0', end: 'normal', code: 0, signal: null },
  { name: 'that calls process.exit() with work queued keeps its exit code', end: 'exit', code: 7, signal: null },
  { name: 'that dies of an uncaught error with work queued exits with code 1', end: 'throw', code: 1, signal: null },
  { name: 'that is interrupted while it trains dies of the signal', end: 'sigint', code: null, signal: 'SIGINT' },
] as const

for (const { name, end, code, signal } of outcomes)
  t.test(`a process ${name}, ${TIMES} times`, { timeout: 120_000 }, async (t) => {
    for (const result of await repeat(end)) {
      if (result.code !== code || result.signal !== signal) t.fail(`ended otherwise`, { ...result })
    }
    t.pass()
  })

for (const [doing, file] of [
  ['trains', 'train.js'],
  ['reads', 'read.js'],
] as const)
  t.test(
    `a worker that is terminated while it ${doing} leaves the process well, ${TIMES} times`,
    { timeout: 60_000 },
    async (t) => {
      for (let i = 0; i < TIMES; i++) {
        const worker = new Worker(fileURLToPath(new URL(`programs/${file}`, import.meta.url)))
        await once(worker, 'message')
        await setTimeout(i % 10)
        t.equal(await worker.terminate(), 1)
      }
    },
  )
