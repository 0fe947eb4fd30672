// The program as a user starts it, in a folder of its own.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { full, vision } from 'convcore'
import t from 'tap'

export const program = fileURLToPath(new URL('../../../../dist/cli.js', import.meta.url))

/** Where the programs run; gone after the tests. */
export const folder = mkdtempSync(join(tmpdir(), 'convcore-cli-'))
t.teardown(() => rmSync(folder, { recursive: true }))

export interface Ended {
  code: number | null
  out: string
  errors: string
}

export interface Start {
  env?: Record<string, string>
  /** What standard input gives. */
  input?: Uint8Array
  /** Told of the child as it runs, and of what it has said on standard error so far. */
  onError?: (child: ChildProcess, errors: string) => void
}

/** Runs `convcore …` to its end. Nothing that is set outside, data sets say, plays into it. */
export async function convcore(args: string | readonly string[], { env, input, onError }: Start = {}): Promise<Ended> {
  const outer = Object.entries(process.env).filter(([name]) => !/^(CONVCORE_(?!ADDON)|NO_COLOR|FORCE_COLOR)/.test(name))
  const child = spawn(process.execPath, [program, ...(typeof args === 'string' ? args.split(' ') : args)], {
    cwd: folder,
    env: { ...Object.fromEntries(outer), CONVCORE_THREADS: '1', CONVCORE_OFFLINE: '1', CONVCORE_CACHE: folder, ...env },
    timeout: 240_000,
    killSignal: 'SIGKILL',
  })
  const result: Ended = { code: null, out: '', errors: '' }
  child.stdout.on('data', (text) => (result.out += String(text)))
  child.stderr.on('data', (text) => {
    result.errors += String(text)
    onError?.(child, result.errors)
  })
  child.stdin.end(input)
  ;[result.code] = (await once(child, 'close')) as [number | null]
  return result
}

/** The cells of each line. */
export const cells = (out: string): string[][] =>
  out
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'))

/** A folder per class of pictures of one colour each: dark ones and bright ones. */
export async function writePhotos(root: string, each: number): Promise<void> {
  for (const [name, low] of [
    ['bright', 170],
    ['dark', 10],
  ] as const)
    for (let i = 0; i < each; i++)
      await vision.writeImage(join(root, name, `${i}.png`), full([3, 20, 24], low + i, { dtype: 'uint8' }))
}
