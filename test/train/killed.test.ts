import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { Generator, io, train } from 'convcore'

const program = fileURLToPath(new URL('../programs/resume.js', import.meta.url))
const KILLS = 50

t.setTimeout(300_000) // busy machines

/** A process that has loaded all and waits to be told to start. */
async function ready(...args: string[]): Promise<ChildProcess> {
  const child = fork(program, args, { execArgv: [], env: { ...process.env, CONVCORE_THREADS: '1' } })
  await once(child, 'message')
  return child
}

/** Starts; resolves when so many steps were told of, or with the hash at the end. */
function steps(child: ChildProcess, count: number): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    let seen = 0
    child.on('message', (message) => {
      if (typeof message === 'string') resolve(message)
      else if (++seen === count) resolve(undefined)
    })
    child.once('exit', (code, signal) => reject(new Error(`the program ended with ${code ?? signal}`)))
    child.send('start')
  })
}

const skip = process.env.CONVCORE_SANITIZED ? 'a sanitizer slows the start of 50 processes down' : false

t.test(`a run that is killed ${KILLS} times ends as one that never was`, { skip }, async (t) => {
  const folder = t.testdir({})
  const chance = new Generator(Date.now())
  t.comment(`seed ${chance.seed}`)
  const undisturbed = ready().then((child) => steps(child, Infinity))
  let saved = 0
  for (let kill = 0, next = ready(folder); kill < KILLS; kill++) {
    const child = await next
    next = ready(folder) // loads while the other one trains
    const hash = await steps(child, 1 + chance.integer(7))
    if (hash) throw new Error('the run ended before it was killed often enough')
    await setTimeout(4 * chance.random())
    const exit = once(child, 'exit')
    child.kill('SIGKILL')
    await exit
    const path = await train.latestCheckpoint(folder)
    if (path) {
      const { updates } = await io.loadCheckpoint<{ updates: number }>(path)
      if (updates < saved) t.fail(`step ${updates} saved after step ${saved}`)
      saved = updates
    }
    if (kill === KILLS - 1) {
      t.ok(saved > KILLS, `${saved} steps after ${KILLS} kills`)
      t.equal(await steps(await next, Infinity), await undisturbed)
    }
  }
  t.same(
    readdirSync(folder).filter((file) => !file.endsWith('.safetensors')),
    [],
    'no leftovers',
  )
  for (const file of readdirSync(folder)) t.ok(await io.loadCheckpoint(join(folder, file)), file)
})
