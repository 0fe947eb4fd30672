import { noGrad } from '../autograd.js'
import { describe, FormatError } from '../errors.js'
import { showShape } from '../shape.js'
import { Tensor } from '../tensor.js'
import type { Accumulator, EpochMetric, Metric } from './metrics.js'
import type { Measures } from './records.js'

/** The metrics of one pass over batches. */
export class Tally {
  readonly #metrics: readonly (Metric | { name: string; counter: Accumulator })[]
  readonly #means: readonly Metric[]

  constructor(metrics: readonly (Metric | EpochMetric)[]) {
    this.#metrics = metrics.map((metric) =>
      typeof metric === 'function' ? metric : { name: metric.name, counter: metric.start() },
    )
    this.#means = metrics.filter((metric) => typeof metric === 'function')
  }

  /** The scalars of a batch that are averaged: the loss, then the metrics that are functions. */
  take(loss: Tensor, output: Tensor, target: Tensor): [loss: Tensor, ...figures: Tensor[]] {
    return noGrad(() => {
      for (const { counter } of this.#counters()) counter.update(output, target)
      return [loss, ...this.#means.map((m) => checkScalar(m.name, m(output, target)))]
    })
  }

  /** The averages of a step by name. */
  named(means: readonly number[]): Measures {
    const names = ['loss', ...this.#means.map(({ name }) => name)]
    return Object.fromEntries(names.map((name, i) => [name, means[i] ?? NaN])) as Measures
  }

  /** All figures of the pass, in the metrics' order. */
  async results([loss = NaN, ...means]: readonly number[]): Promise<Measures> {
    const measures: Measures = { loss }
    for (const metric of this.#metrics)
      if (typeof metric === 'function') measures[metric.name] = means.shift() ?? NaN
      else {
        const figure = await metric.counter.compute()
        Object.assign(measures, typeof figure === 'number' ? { [metric.name]: figure } : figure)
      }
    return measures
  }

  /** Frees what the metrics gathered. */
  reset(): void {
    for (const { counter } of this.#counters()) counter.reset()
  }

  /** @throws {TypeError} when a metric has none */
  stateDict(): Record<string, unknown> {
    return Object.fromEntries(
      this.#counters().map(({ name, counter }) => {
        if (counter.stateDict && counter.loadStateDict) return [name, counter.stateDict()]
        throw new TypeError(
          `checkpoint: expected a metric ${name} with stateDict() and loadStateDict() to save within an epoch, ` +
            'got one without; save at the end of epochs',
        )
      }),
    )
  }

  /** @throws {FormatError} when a metric's is missing */
  loadStateDict(state: Record<string, unknown>): void {
    for (const { name, counter } of this.#counters()) {
      if (!Object.hasOwn(state, name))
        throw new FormatError(`resume: expected an epoch with a metric ${name}, got one without`)
      counter.loadStateDict?.(state[name] as never)
    }
  }

  #counters() {
    return this.#metrics.filter((metric) => typeof metric !== 'function')
  }
}

/** @throws {TypeError} when metrics lack names, RangeError when two have one name, or one of the history's own */
export function checkMetrics(metrics: readonly (Metric | EpochMetric)[]): void {
  if (!metrics.every((metric) => metric.name)) throw new TypeError('Trainer: expected metrics with names')
  const names = metrics.map(({ name }) => name)
  if (new Set(['epoch', 'step', 'seconds', 'loss', ...names]).size !== 4 + names.length)
    throw new RangeError(`Trainer: expected metrics with names of their own, got ${names.join(', ')}`)
}

/** @throws {TypeError} unless a loss or metric is a scalar tensor */
export function checkScalar(name: string, figure: unknown): Tensor {
  if (figure instanceof Tensor && figure.size === 1) return figure
  const got = figure instanceof Tensor ? `one of shape ${showShape(figure.shape)}` : describe(figure)
  throw new TypeError(`Trainer: expected ${name} to give a scalar tensor, got ${got}`)
}
