import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe } from '../errors.js'
import { saveCheckpoint } from '../io/checkpoint.js'
import type { Callback, Run } from './callback.js'
import { type EpochRecord, figureOf, type Mode, modeOf, type MonitorOptions } from './records.js'

export interface CheckpointOptions extends MonitorOptions {
  /** Of the files' names, default `checkpoint`: several runs may share a folder. */
  prefix?: string
  /** Save after every so many steps of the optimizer; default: not within epochs. */
  everySteps?: number
  /** Save after every so many epochs; default 1, or, with `everySteps`, none. */
  everyEpochs?: number
  /** How many of the newest stay; default 3. */
  keepLast?: number
  /** Also keep the best epoch, by this figure, as `<prefix>-best.safetensors`. */
  monitor?: string
  /** A fresh run removes the checkpoints that lie there; default false: they are an error. */
  overwrite?: boolean
  /** Called for what else a checkpoint is to hold, under `extra`: tensors, JSON, what has a `stateDict()`. */
  extra?: () => object
}

/**
 * Saves a run in a folder, so that `fit(…, { resume: true })` goes on from the newest checkpoint. Files are named after
 * the optimizer's steps: `<prefix>-00001200.safetensors`. Whenever the program ends, what has such a name is whole.
 */
export class Checkpoint implements Callback {
  /** So that it saves what the other callbacks have made of an epoch. */
  readonly last = true
  readonly folder: string
  readonly #options: CheckpointOptions
  readonly #prefix: string
  readonly #mode: Mode
  #best: number | undefined

  /** @throws {RangeError} when a number is no integer ≥ 1, or the prefix no part of a file's name */
  constructor(folder: string, options: CheckpointOptions = {}) {
    const { prefix = 'checkpoint', monitor = '', mode } = options
    if (!/^[^/\\]+$/.test(prefix))
      throw new RangeError(`Checkpoint: expected a prefix without slashes, got ${describe(prefix)}`)
    for (const name of ['everySteps', 'everyEpochs', 'keepLast'] as const) {
      const value = options[name]
      if (value !== undefined && !(Number.isSafeInteger(value) && value > 0))
        throw new RangeError(`Checkpoint: expected ${name} to be an integer ≥ 1, got ${describe(value)}`)
    }
    this.folder = folder
    this.#options = options
    this.#prefix = prefix
    this.#mode = modeOf(monitor, mode)
  }

  /** Where the best epoch is saved. */
  get bestPath(): string {
    return join(this.folder, `${this.#prefix}-best.safetensors`)
  }

  /** The newest checkpoint's path; undefined when there is none. */
  latest(): Promise<string | undefined> {
    return latestCheckpoint(this.folder, this.#prefix)
  }

  async onFitStart(run: Run): Promise<void> {
    this.#best = undefined
    if (run.dry) return
    const files = await list(this.folder)
    const parts = files.filter((file) => file.startsWith(`${this.#prefix}-`) && file.endsWith('.part'))
    for (const file of parts) await rm(join(this.folder, file), { force: true }) // of a run that was killed
    if (run.resumed) return
    const old = numbered(files, this.#prefix)
    if (!old.length) return
    if (!this.#options.overwrite)
      throw new Error(
        `Checkpoint: expected no checkpoints of an earlier run, got ${join(this.folder, old[0]!)}; ` +
          'resume it, remove it, give another prefix or overwrite: true',
      )
    for (const file of old) await rm(join(this.folder, file), { force: true })
    await rm(this.bestPath, { force: true })
  }

  async onUpdate(run: Run): Promise<void> {
    const { everySteps } = this.#options
    if (everySteps && run.updates % everySteps === 0) await this.#save(run)
  }

  async onEpochEnd(record: EpochRecord, run: Run): Promise<void> {
    const { everySteps, everyEpochs = everySteps ? Infinity : 1, monitor } = this.#options
    const figure = monitor === undefined ? NaN : figureOf('Checkpoint', record, monitor)
    const better = this.#mode === 'min' ? figure < (this.#best ?? Infinity) : figure > (this.#best ?? -Infinity)
    if (better) this.#best = figure
    if (better && !run.dry) await saveCheckpoint(this.bestPath, await this.#content(run))
    if (record.epoch % everyEpochs === 0 || record.epoch === run.epochs) await this.#save(run)
  }

  stateDict(): { best?: number | undefined } {
    return { best: this.#best }
  }

  loadStateDict({ best }: { best?: number }): void {
    this.#best = best
  }

  async #content(run: Run): Promise<object> {
    const { extra } = this.#options
    return { ...(await run.checkpoint()), extra: extra?.() }
  }

  async #save(run: Run): Promise<void> {
    if (run.dry) return
    const { keepLast = 3 } = this.#options
    const number = String(run.updates).padStart(8, '0')
    await saveCheckpoint(join(this.folder, `${this.#prefix}-${number}.safetensors`), await this.#content(run))
    const old = numbered(await list(this.folder), this.#prefix).slice(0, -keepLast)
    for (const file of old) await rm(join(this.folder, file), { force: true })
  }
}

/** The path of the newest checkpoint of a prefix; undefined when there is none. */
export async function latestCheckpoint(folder: string, prefix = 'checkpoint'): Promise<string | undefined> {
  const newest = numbered(await list(folder), prefix).at(-1)
  return newest && join(folder, newest)
}

/** The checkpoints of a prefix, oldest first. */
function numbered(files: readonly string[], prefix: string): string[] {
  const number = (file: string) => {
    const rest = file.startsWith(`${prefix}-`) ? file.slice(prefix.length + 1) : ''
    return /^\d{8,}\.safetensors$/.test(rest) ? parseInt(rest) : NaN
  }
  return files.filter((file) => !Number.isNaN(number(file))).sort((a, b) => number(a) - number(b))
}

async function list(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
