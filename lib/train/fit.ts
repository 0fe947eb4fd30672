import { describe, ExecutionError } from '../errors.js'
import { tensorsIn } from '../scope.js'
import type { Source } from './batches.js'
import type { Callback, Run } from './callback.js'
import type { Engine } from './engine.js'
import type { FitOptions } from './options.js'
import { Pass } from './pass.js'
import { openProgress, type Progress } from './progress.js'
import { type EpochRecord, figureOf, prefixed } from './records.js'
import { type EpochState, type FitState, namedCallbacks, positionOf, readFitState, rest, resumePath } from './resume.js'
import { openSources, type Sources } from './sources.js'
import { capture, restore } from './state.js'
import type { Stepper } from './stepper.js'
import type { Tally } from './tally.js'
import type { Trainer } from './trainer.js'

/** What runs in an epoch. */
interface Running {
  readonly pass: Pass
  readonly tally: Tally
  /** As `performance.now()` tells. */
  readonly started: number
  exhausted: boolean
}

/** One call of `Trainer.fit`. */
export class Fit implements Run {
  readonly epochs: number
  readonly dry: boolean
  readonly history: EpochRecord[] = []
  epoch = 0
  step = 0
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

  stop(): void {
    this.#stopped = true
  }

  async run(): Promise<EpochRecord[]> {
    this.#sources = await openSources(this.source, this.options)
    try {
      const { progress = false } = this.engine.options
      this.#progress = await openProgress(progress, this.epochs, this.#sources.batches.length)
      this.#stepper.clear()
      const saved = await this.#load()
      await this.#call('onFitStart', this)
      for (const [name, callback] of namedCallbacks(this.#callbacks))
        if (saved?.callbacks[name]) callback.loadStateDict?.(saved.callbacks[name] as never)
      const first = saved?.epoch ?? 1
      for (this.epoch = first; this.epoch <= this.epochs && !this.#stopped; this.epoch++)
        await this.#epoch(this.epoch === first ? saved : undefined)
      this.epoch = Math.min(this.epoch, this.epochs)
      await this.#call('onFitEnd', this.history, this)
    } catch (error) {
      await this.#call('onFitFail', error, this)
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
    const { batches, validation } = this.#sources
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
      data: { training: positionOf(batches), validation: positionOf(validation) },
      callbacks: Object.fromEntries(
        namedCallbacks(this.#callbacks).map(([name, callback]) => [name, callback.stateDict?.()]),
      ),
      ...capture(this.engine),
    }
  }

  async #load(): Promise<FitState | undefined> {
    const { resume = false } = this.options
    const path = await resumePath(this.dry ? false : resume, this.#callbacks)
    if (path === undefined) return undefined
    const saved = await readFitState(path)
    restore(this.engine, saved)
    this.history.push(...saved.history)
    this.updates = saved.updates
    this.#stopped = saved.stopped
    this.resumed = true
    return saved
  }

  async #epoch(saved: FitState | undefined): Promise<void> {
    const { within, data } = saved ?? {}
    const { validation } = this.#sources
    let { batches } = this.#sources
    if (data) batches = rest(batches, data.training, within)
    if (data?.validation && validation) rest(validation, data.validation, undefined)
    const running = this.#begin(within)
    for (const tensor of tensorsIn(saved)) tensor.dispose() // all are copied
    try {
      if (!within) await this.#call('onEpochStart', this)
      const means = await running.pass.run(batches)
      if (this.#stopped) return
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
        return this.#stopped
      },
      onFigures: (figures, step) => this.#report(tally, figures, step),
    })
    this.step = pass.steps
    this.#progress?.start(this.epoch)
    return (this.#running = { pass, tally, started, exhausted: false })
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
    this.#progress?.step(step, loss)
    const record = { epoch: this.epoch, step, ...tally.named(figures) }
    onStep?.(record)
    const settled = this.#settled
    this.#settled = false
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

  async #call<K extends keyof Callback>(name: K, ...args: Arguments<K>): Promise<void> {
    for (const callback of this.#callbacks)
      await (callback[name] as ((...args: Arguments<K>) => unknown) | undefined)?.apply(callback, args)
  }
}

type Arguments<K extends keyof Callback> = Parameters<Extract<Callback[K], (...args: never) => unknown>>

function notFinite(loss: number, epoch: number, step: number): ExecutionError {
  return new ExecutionError(
    `fit: expected a finite loss, got ${loss} in epoch ${epoch}, step ${step}; a smaller learning rate may help ` +
      '(checkFinite: false turns this check off)',
  )
}
