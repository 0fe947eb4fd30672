import { existsSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { train } from '../../index.js'
import { FormatError } from '../../errors.js'
import { isRecord, parseRecord } from '../../io/json.js'
import { writeAtomically } from '../../io/atomic.js'
import type { Given, TrainOptions } from '../commands/train.js'
import { UsageError } from '../errors.js'
import { checkDescription, type Description } from '../description.js'
import { version } from '../program.js'
import { modelIn } from '../weights.js'

/** Options with what a run needs. */
export interface Settings extends TrainOptions {
  data: string
  model: string
  out: string
}

/** Of the call, not of the run: they are not kept. */
const calls = ['out', 'resume', 'overwrite', 'json', 'quiet', 'threads', 'dashboard', 'tensorboard'] as const

const configIn = (folder: string): string => join(folder, 'config.json')

/** A run that is to begin or to go on. */
export interface Start {
  readonly settings: Settings
  /** The model's description where the run goes on. */
  readonly before: Description | undefined
}

/**
 * The options of a run: those that are not given are, in a run that is resumed, as they were.
 * @throws {UsageError} where something lacks
 * @throws {Error} where the folder holds a run, or none to resume
 */
export async function settle(options: TrainOptions, given: Given): Promise<Start> {
  const { resume, overwrite, data, model } = options
  if (resume && overwrite) throw new UsageError('expected --resume or --overwrite, got both')
  const named = data && model ? join('runs', `${basename(data)}-${model}`) : undefined
  const out = options.out ?? named
  if (resume) return resumed({ ...options, out: needed('--out FOLDER', out) }, given)
  const settings = complete(options, out)
  if (!overwrite && (await holdsRun(settings.out)))
    throw new Error(`${out}: expected no run there, got one; --resume goes on with it, --overwrite replaces it`)
  return { settings, before: undefined }
}

const complete = (options: TrainOptions, out: string | undefined): Settings => ({
  ...options,
  data: needed('--data SET', options.data),
  model: needed('--model NETWORK', options.model),
  out: needed('--out FOLDER', out),
})

function needed(option: string, value: string | undefined): string {
  if (value) return value
  throw new UsageError(`expected ${option}, got none`)
}

async function resumed(options: TrainOptions & { out: string }, given: Given): Promise<Start> {
  const { out } = options
  const config = configIn(out)
  if (!existsSync(config) || !(await train.latestCheckpoint(out)))
    throw new Error(`${out}: expected a run to go on with, got none`)
  const { options: saved, model } = parseRecord(await readFile(config), config, 'configuration')
  if (!isRecord(saved) || !isRecord(model)) throw new FormatError(`${config}: expected options and a model, got others`)
  const said = Object.fromEntries(Object.entries(options).filter(([name]) => given.has(name)))
  return { settings: complete({ ...options, ...saved, ...said }, out), before: checkDescription(model, config) }
}

const holdsRun = async (folder: string): Promise<boolean> =>
  existsSync(modelIn(folder)) || (await train.latestCheckpoint(folder)) !== undefined

/** Notes what a run is made with, and removes what an earlier one has left. Checkpoints see to themselves. */
export async function beginFolder(settings: Settings, facts: { model: Description; images: object }): Promise<void> {
  const { out, resume } = settings
  const left = resume ? [] : [modelIn(out), join(out, 'history.csv'), join(out, 'report.html')]
  for (const path of left) await rm(path, { force: true })
  const options = Object.entries(settings).filter(([name]) => !(calls as readonly string[]).includes(name))
  const text = JSON.stringify({ convcore: version, options: Object.fromEntries(options), ...facts }, null, 2)
  await writeAtomically(configIn(out), (file) => file.writeFile(`${text}\n`))
}
