// npm run lectures [-- --json FILE] [--only ROW,ROW] [--data DIR]: the programs of all rows at full length, and whether what each must show holds
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Example, Figures } from './example.js'
import { names } from './names.js'

/** What `--json` writes of a row. */
interface Outcome {
  row: string
  program: string
  figure: string
  required: string
  held: boolean
  seconds: number
}

/** Runs a program in a process of its own, as `npm run example` does, and returns what its `--json` says. */
async function run(program: string, args: readonly string[]): Promise<Figures> {
  const folder = await mkdtemp(join(tmpdir(), 'convcore-lectures-'))
  const file = join(folder, 'figures.json')
  try {
    const runner = join(import.meta.dirname, 'run.js')
    const child = spawn(process.execPath, ['--enable-source-maps', runner, program, ...args, '--json', file], {
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject).on('close', resolve)
    })
    if (code !== 0) throw new Error(`${program} ended with code ${code}`)
    return JSON.parse(await readFile(file, 'utf8')) as Figures
  } finally {
    await rm(folder, { recursive: true })
  }
}

const string = { type: 'string' } as const
const { values } = parseArgs({ options: { json: string, only: string, data: string } })
const wanted = values.only?.split(',')
const outcomes: Outcome[] = []
for (const program of names) {
  const { rows } = (await import(`./${program}.js`)) as Example
  const asked = rows.filter(({ row }) => !wanted || wanted.includes(row))
  const runs = new Map<string, Promise<Figures>>() // by their arguments: rows share them
  for (const { row, required, args = [], judge } of asked) {
    const key = args.join(' ')
    if (!runs.has(key)) runs.set(key, run(program, [...args, ...(values.data ? ['--data', values.data] : [])]))
    const outcome = await runs.get(key)!.then(
      (figures) => ({ ...judge(figures), seconds: figures.seconds }),
      (error: unknown) => ({ figure: (error as Error).message, held: false, seconds: 0 }),
    )
    outcomes.push({ row, program, required, ...outcome })
    if (values.json) await writeFile(values.json, `${JSON.stringify(outcomes, undefined, 2)}\n`)
  }
}
const known = new Set(outcomes.map(({ row }) => row))
const missing = wanted?.filter((row) => !known.has(row)) ?? []
for (const { row, program, figure, required, held, seconds } of outcomes)
  console.log(
    `${held ? 'held  ' : 'FAILED'} ${row.padEnd(6)} ${program.padEnd(18)} ${figure} (${required}), ${seconds.toFixed(0)} s`,
  )
if (missing.length) console.error(`no program for ${missing.join(', ')}`)
process.exitCode = missing.length || outcomes.some(({ held }) => !held) ? 1 : 0
