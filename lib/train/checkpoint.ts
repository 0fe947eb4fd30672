import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe } from '../errors.js'
import { saveCheckpoint } from '../io/checkpoint.js'
import type { Callback, Run } from './callback.js'
import { type EpochRecord, figureOf, type Mode, modeOf, type MonitorOptions } from './records.js'

/** Options of {@link Checkpoint}. */
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
  /**
   * A fresh run removes the checkpoints that lie there, one that is resumed those of later steps than it goes on from;
   * default false: they are an error.
   */
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
  /** Where the files lie. */
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

  /**
   * Removes what a run that was killed has left half-written and, with `overwrite`, the checkpoints in the way.
   * @throws {Error} when there are such checkpoints, without `overwrite`
   */
  async onFitStart(run: Run): Promise<void> {
    this.#best = undefined
    if (run.dry) return
    const files = await list(this.folder)
    const parts = files.filter((file) => isPart(file, this.#prefix))
    for (const file of parts) await rm(join(this.folder, file), { force: true }) // of a run that was killed
    const old = numbered(files, this.#prefix).filter((file) => !run.resumed || stepOf(file, this.#prefix) > run.updates)
    if (!old.length) return
    if (!this.#options.overwrite) throw occupied(run, join(this.folder, old[0]!))
    for (const file of old) await rm(join(this.folder, file), { force: true })
    if (!run.resumed) await rm(this.bestPath, { force: true })
  }

  async onUpdate(run: Run): Promise<void> {
    const { everySteps } = this.#options
    if (everySteps && run.updates % everySteps === 0) await this.save(run)
  }

  async onEpochEnd(record: EpochRecord, run: Run): Promise<void> {
    const { everySteps, everyEpochs = everySteps ? Infinity : 1, monitor } = this.#options
    const figure = monitor === undefined ? NaN : figureOf('Checkpoint', record, monitor)
    const better = this.#mode === 'min' ? figure < (this.#best ?? Infinity) : figure > (this.#best ?? -Infinity)
    if (better) this.#best = figure
    if (better && !run.dry) await saveCheckpoint(this.bestPath, await this.#content(run))
    if (record.epoch % everyEpochs === 0 || record.epoch === run.epochs) await this.save(run)
  }

  /** Saves now, whatever the options say: for the `onUpdate` and `onEpochEnd` of another callback. */
  async save(run: Run): Promise<void> {
    if (run.dry) return
    const { keepLast = 3 } = this.#options
    const name = `${this.#prefix}-${String(run.updates).padStart(8, '0')}.safetensors`
    await saveCheckpoint(join(this.folder, name), await this.#content(run))
    const old = numbered(await list(this.folder), this.#prefix).slice(0, -keepLast)
    for (const file of old) if (file !== name) await rm(join(this.folder, file), { force: true })
  }

  /** The best figure so far, for the checkpoint itself. */
  stateDict(): {
    /** Undefined before the first. */
    best?: number | undefined
  } {
    return { best: this.#best }
  }

  /** Takes over the best figure. */
  loadStateDict({ best }: { best?: number }): void {
    this.#best = best
  }

  async #content(run: Run): Promise<object> {
    const { extra } = this.#options
    return { ...(await run.checkpoint()), extra: extra?.() }
  }
}

/** The path of the newest checkpoint of a prefix; undefined when there is none. */
export async function latestCheckpoint(folder: string, prefix = 'checkpoint'): Promise<string | undefined> {
  const newest = numbered(await list(folder), prefix).at(-1)
  return newest && join(folder, newest)
}

/** The checkpoints of a prefix, oldest first. */
function numbered(files: readonly string[], prefix: string): string[] {
  const step = (file: string) => stepOf(file, prefix)
  return files.filter((file) => !Number.isNaN(step(file))).sort((a, b) => step(a) - step(b))
}

/** The optimizer's steps that a file's name tells; NaN when it is no checkpoint of the prefix. */
function stepOf(file: string, prefix: string): number {
  const rest = restOf(file, prefix)
  return /^\d{8,}\.safetensors$/.test(rest) ? parseInt(rest) : NaN
}

/** Whether a file was being written when its run was killed: see `writeAtomically`. */
const isPart = (file: string, prefix: string): boolean =>
  /^(\d{8,}|best)\.safetensors\.[0-9a-f]{12}\.part$/.test(restOf(file, prefix))

const restOf = (file: string, prefix: string): string =>
  file.startsWith(`${prefix}-`) ? file.slice(prefix.length + 1) : ''

function occupied({ resumed, updates }: Run, path: string): Error {
  return new Error(
    resumed
      ? `Checkpoint: expected no checkpoints after step ${updates}, which the run goes on from, got ${path}; ` +
          'resume that one, remove it, give another prefix or overwrite: true'
      : `Checkpoint: expected no checkpoints of an earlier run, got ${path}; ` +
          'resume it, remove it, give another prefix or overwrite: true',
  )
}

async function list(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
