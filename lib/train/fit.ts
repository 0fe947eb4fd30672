import { DataLoader, type Loop } from '../data/loader.js'
import { describe, ExecutionError } from '../errors.js'
import { tensorsIn } from '../scope.js'
import type { Batch, Batches, Source } from './batches.js'
import type { Callback, Run } from './callback.js'
import type { Engine } from './engine.js'
import type { FitOptions } from './options.js'
import { Pass } from './pass.js'
import { openProgress, type Progress } from './progress.js'
import { type EpochRecord, figureOf, prefixed } from './records.js'
import { type EpochState, type FitState, namedCallbacks, positionOf, readFitState, rest, resumePath } from './resume.js'
import { openSources, type Sources } from './sources.js'
import { snapshot, restore, restoreRandom } from './state.js'
import type { Stepper } from './stepper.js'
import type { Tally } from './tally.js'
import type { Trainer } from './trainer.js'

/** What runs in an epoch. */
interface Running {
  readonly pass: Pass
  readonly tally: Tally
  /** As `performance.now()` tells. */
  readonly started: number
  /** Over a loader. */
  loop?: Loop<Batch> | undefined
  exhausted: boolean
}

/** One call of `Trainer.fit`. */
export class Fit implements Run {
  readonly epochs: number
  readonly dry: boolean
  readonly history: EpochRecord[] = []
  epoch = 0
  step = 0
  samples = 0
  updates = 0
  resumed = false
  readonly #callbacks: readonly Callback[]
  readonly #stepper: Stepper
  readonly #signal: AbortSignal
  #sources!: Sources
  #progress: Progress | undefined
  #running: Running | undefined
  #stopped = false
  /** Whether all is at rest, so that a checkpoint can be taken. */
  #settled = false

  constructor(
    readonly trainer: Trainer,
    private readonly engine: Engine,
    private readonly source: Source,
    private readonly options: FitOptions,
  ) {
    const { epochs, callbacks = [], fastDevRun = false } = options
    this.#stepper = engine.stepper('fit')
    if (!(Number.isSafeInteger(epochs) && epochs >= 0))
      throw new RangeError(`fit: expected epochs to be a non-negative integer, got ${epochs}`)
    for (const name of ['overfitBatches', 'fastDevRun'] as const) {
      const value = options[name]
      if (value === undefined || typeof value === 'boolean' || (Number.isSafeInteger(value) && value > 0)) continue
      throw new RangeError(`fit: expected ${name} to be an integer ≥ 1, got ${describe(value)}`)
    }
    this.dry = fastDevRun !== false
    this.epochs = this.dry ? Math.min(epochs, 1) : epochs
    this.#signal = engine.signal(options)
    this.#callbacks = callbacks.toSorted((a, b) => Number(a.last ?? false) - Number(b.last ?? false))
  }

  get steps(): number | undefined {
    return this.#sources.batches.length
  }

  stop(): void {
    this.#stopped = true
  }

  async run(): Promise<EpochRecord[]> {
    const { resume = false } = this.options
    const path = await resumePath(this.dry ? false : resume, this.#callbacks)
    const saved = path === undefined ? undefined : await readFitState(path)
    try {
      this.#sources = await openSources(this.source, this.options, saved?.data.collected)
      return await this.#train(saved)
    } finally {
      release(saved)
    }
  }

  async #train(saved: FitState | undefined): Promise<EpochRecord[]> {
    try {
      const { progress = false } = this.engine.options
      this.#progress = await openProgress(progress, this.epochs, this.steps)
      this.#stepper.clear()
      if (saved) this.#restore(saved)
      await this.#call('onFitStart', this)
      for (const [name, callback] of namedCallbacks(this.#callbacks))
        if (saved?.callbacks[name]) callback.loadStateDict?.(saved.callbacks[name] as never)
      if (saved) restoreRandom(this.trainer.model, saved)
      let rest = saved
      // An epoch that had begun when the run was stopped may have had its last step.
      while (this.epoch < this.epochs && !(this.#stopped && !rest?.within)) {
        this.epoch++
        await this.#epoch(rest)
        rest = undefined
      }
      await this.#call('onFitEnd', this.history, this)
    } catch (error) {
      await this.#fail(error)
      throw error
    } finally {
      this.#progress?.stop()
      this.#stepper.clear()
      this.#sources.dispose()
    }
    return this.history
  }

  async checkpoint(): Promise<FitState> {
    if (!this.#settled) throw new Error('checkpoint: expected a call in onUpdate or onEpochEnd, got one elsewhere')
    const running = this.#running
    const { batches, validation, collected } = this.#sources
    await running?.pass.drain()
    return {
      epoch: running ? this.epoch : this.epoch + 1,
      within: running && {
        pass: running.pass.state(),
        metrics: running.tally.stateDict(),
        exhausted: running.exhausted,
        seconds: (performance.now() - running.started) / 1000,
      },
      updates: this.updates,
      stopped: this.#stopped,
      history: this.history,
      data: {
        training: running?.loop?.stateDict() ?? positionOf(batches),
        validation: positionOf(validation),
        collected,
      },
      callbacks: Object.fromEntries(
        namedCallbacks(this.#callbacks).map(([name, callback]) => [name, callback.stateDict?.()]),
      ),
      ...snapshot(this.engine),
    }
  }

  #restore(saved: FitState): void {
    restore(this.engine, saved)
    this.history.push(...saved.history)
    this.epoch = saved.epoch - 1
    this.updates = saved.updates
    this.#stopped = saved.stopped
    this.resumed = true
  }

  async #epoch(saved: FitState | undefined): Promise<void> {
    const { within, data } = saved ?? {}
    const { validation } = this.#sources
    let { batches } = this.#sources
    if (data) batches = rest(batches, data.training, within)
    if (data?.validation && validation) rest(validation, data.validation, undefined)
    const running = this.#begin(within)
    release(saved) // all is copied
    try {
      if (!within) await this.#call('onEpochStart', this)
      const means = await running.pass.run(this.#follow(running, batches))
      if (running.pass.cut) return
      running.exhausted = true
      if (this.#stepper.pending) await this.#update()
      const measures = await running.tally.results(means)
      this.#running = undefined
      await this.#finish({ epoch: this.epoch, ...measures } as EpochRecord, running.started)
    } finally {
      this.#running = undefined
      running.tally.reset()
    }
  }

  #begin(within: EpochState | undefined): Running {
    const tally = this.engine.tally()
    if (within) tally.loadStateDict(within.metrics)
    const started = performance.now() - 1000 * (within?.seconds ?? 0)
    const step = this.engine.trainStep(this.#stepper, tally)
    const pass = new Pass('fit', step, {
      signal: this.#signal,
      state: within?.pass,
      afterStep: async () => {
        this.step++
        if (this.#stepper.due) await this.#update()
      },
      stopped: () => this.#stopped,
      onFigures: (figures, step) => {
        this.samples = pass.samples
        return this.#report(tally, figures, step)
      },
    })
    this.step = pass.steps
    this.samples = pass.samples
    this.#progress?.start(this.epoch)
    return (this.#running = { pass, tally, started, exhausted: false })
  }

  /** The batches; of a loader those of a loop whose position is known, whoever else goes through the loader meanwhile. */
  #follow(running: Running, batches: Batches): Batches {
    if (!(batches instanceof DataLoader)) return batches
    running.loop = (batches as DataLoader<unknown, Batch>).loop()
    return running.loop.batches
  }

  /** A step of the optimizer. */
  async #update(): Promise<void> {
    const { schedule } = this.engine
    await this.#stepper.step()
    this.updates++
    if (schedule?.per === 'step') schedule.scheduler.step()
    await this.#settle('onUpdate', this)
  }

  async #report(tally: Tally, figures: readonly number[], step: number): Promise<void> {
    const [loss] = figures as [number]
    const { checkFinite = true, onStep } = this.options
    if (checkFinite && !Number.isFinite(loss)) throw notFinite(loss, this.epoch, step)
    const measures = tally.named(figures)
    this.#progress?.step(step, measures)
    const record = { epoch: this.epoch, step, ...measures }
    const settled = this.#settled
    this.#settled = false
    await onStep?.(record)
    await this.#call('onStep', record, this)
    this.#settled = settled
  }

  /** Validates, and tells of the epoch. */
  async #finish(measured: EpochRecord, started: number): Promise<void> {
    const { schedule } = this.engine
    const { validation } = this.#sources
    const validated = validation && prefixed(await this.engine.evaluate(validation, this.options))
    const record = { ...measured, ...validated, seconds: (performance.now() - started) / 1000 }
    this.history.push(record)
    if (schedule && schedule.per !== 'step') {
      const { scheduler, monitor } = schedule
      if (monitor) scheduler.step(figureOf('scheduler', record, monitor))
      else scheduler.step()
    }
    this.#progress?.end(record)
    await this.options.onEpoch?.(record)
    await this.#settle('onEpochEnd', record, this)
  }

  async #settle<K extends keyof Callback>(name: K, ...args: Arguments<K>): Promise<void> {
    this.#settled = true
    try {
      await this.#call(name, ...args)
    } finally {
      this.#settled = false
    }
  }

  /** Tells all callbacks, whatever they throw: the error that they are told of is the one that counts. */
  async #fail(error: unknown): Promise<void> {
    for (const callback of this.#callbacks)
      try {
        await callback.onFitFail?.(error, this)
      } catch (cause) {
        process.emitWarning(`fit: onFitFail of ${callback.constructor.name} failed: ${describeError(cause)}`)
      }
  }

  async #call<K extends keyof Callback>(name: K, ...args: Arguments<K>): Promise<void> {
    for (const callback of this.#callbacks)
      await (callback[name] as ((...args: Arguments<K>) => unknown) | undefined)?.apply(callback, args)
  }
}

type Arguments<K extends keyof Callback> = Parameters<Extract<Callback[K], (...args: never) => unknown>>

/** Frees what a checkpoint was read to. */
function release(saved: FitState | undefined): void {
  for (const tensor of tensorsIn(saved)) tensor.dispose()
}

const describeError = (error: unknown): string => (error instanceof Error ? error.message : describe(error))

function notFinite(loss: number, epoch: number, step: number): ExecutionError {
  return new ExecutionError(
    `fit: expected a finite loss, got ${loss} in epoch ${epoch}, step ${step}; a smaller learning rate may help ` +
      '(checkFinite: false turns this check off)',
  )
}
