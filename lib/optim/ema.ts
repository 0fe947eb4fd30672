import { allocLike } from '../alloc.js'
import { varying } from '../capture/recording.js'
import { describe } from '../errors.js'
import { kernels } from '../native.js'
import type { Module } from '../nn/module.js'
import { assign, move } from '../nn/move.js'
import { load, type StateDict } from '../nn/state.js'
import { keep } from '../scope.js'
import type { Tensor } from '../tensor.js'
import { groupBy, handles, kindOf } from './lists.js'

/** Options of {@link EMA}. */
export interface EMAOptions {
  /** Share of the average that stays at an update, from 0 to 1; default 0.999. */
  decay?: number
}

/** What an {@link EMA} remembers. */
export interface EMAStateDict {
  /** Share of the average that stays at an update. */
  decay: number
  /** Updates done. */
  numAveraged: number
  /** The averages, under the names of the parameters. */
  average: StateDict
}

/**
 * Exponential moving average of a model's parameters: ā ← decay·ā + (1 − decay)·p; the first update copies them. An
 * averaged model often does better than the last one. Buffers, batch norm's statistics say, stay the model's.
 *
 * ```ts
 * const ema = new optim.EMA(model, { decay: 0.99 })
 * // after each step of the optimizer
 * ema.update()
 * // to evaluate
 * ema.apply()
 * const measures = await trainer.evaluate(testSet)
 * ema.restore()
 * ```
 *
 * PyTorch has it as `torch.optim.swa_utils.AveragedModel` with `get_ema_multi_avg_fn(decay)`.
 * Source: Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", 1992.
 */
export class EMA {
  #decay: number
  readonly #params: Map<string, Tensor>
  readonly #average = new Map<Tensor, Tensor>()
  /** The parameters' own values while the averages are in their place. */
  #own: Map<Tensor, Tensor> | undefined
  #numAveraged = 0

  /** @throws {RangeError} unless decay is within [0, 1] and the model has parameters */
  constructor(model: Module, { decay = 0.999 }: EMAOptions = {}) {
    this.#decay = checkDecay(decay)
    this.#params = new Map(model.namedParameters())
    if (!this.#params.size) throw new RangeError('EMA: expected a model with parameters, got one without')
    for (const p of this.#params.values()) this.#average.set(p, copy(p))
  }

  /** Share of the average that stays at an update. */
  get decay(): number {
    return this.#decay
  }

  /** Updates done. */
  get numAveraged(): number {
    return this.#numAveraged
  }

  /**
   * Takes the parameters into the average.
   * @throws {Error} while the averages are applied
   */
  update(): void {
    if (this.#own) throw new Error('EMA.update: expected restore() after apply(), got an update in between')
    const params = [...this.#params.values()]
    for (const p of params) this.#follow(p)
    let weight = 1
    for (const [i, alike] of groupBy(params, kindOf).entries()) {
      const averages = alike.map((p) => this.#average.get(p)!)
      varying(
        () => {
          if (i === 0) weight = this.#numAveraged++ ? 1 - this.decay : 1
          return [weight]
        },
        (weight) => kernels.lerp(weight, handles(alike), handles(averages)),
      )
      for (const average of averages) average.markModified()
    }
  }

  /**
   * Puts the averages in the parameters' place, until `restore()`.
   * @throws {Error} when they are there already
   */
  apply(): void {
    if (this.#own) throw new Error('EMA.apply: expected restore() before a second apply()')
    this.#own = new Map([...this.#params.values()].map((p) => [p, copy(p)]))
    for (const [p, average] of this.#average) assign(p, average)
  }

  /**
   * Gives the parameters back the values that they had before `apply()`.
   * @throws {Error} without an `apply()` before
   */
  restore(): void {
    if (!this.#own) throw new Error('EMA.restore: expected apply() before')
    for (const [p, own] of this.#own) {
      assign(p, own)
      own.dispose()
    }
    this.#own = undefined
  }

  /** What is remembered; the tensors share its memory. */
  stateDict(): EMAStateDict {
    return {
      decay: this.decay,
      numAveraged: this.#numAveraged,
      average: Object.fromEntries([...this.#entries()].map(([name, average]) => [name, average.detach()])),
    }
  }

  /**
   * Takes over what another one remembered; tensors are copied.
   * @throws {FormatError} naming all missing and unexpected names and wrong shapes; nothing has changed then
   * @throws {RangeError} when a number is out of range
   */
  loadStateDict({ decay, numAveraged, average }: EMAStateDict): void {
    if (!(Number.isSafeInteger(numAveraged) && numAveraged >= 0))
      throw new RangeError(`EMA: expected numAveraged to be a whole number >= 0, got ${describe(numAveraged)}`)
    checkDecay(decay)
    load('EMA', new Map(this.#entries()), average)
    this.#decay = decay
    this.#numAveraged = numAveraged
  }

  *#entries(): Generator<[name: string, average: Tensor]> {
    for (const [name, p] of this.#params) yield [name, this.#average.get(p)!]
  }

  /** An average goes where its parameter went. */
  #follow(p: Tensor): void {
    const average = this.#average.get(p)!
    if (average.dtype !== p.dtype) move(average, p.dtype)
    if (average.device !== p.device) move(average, p.device)
  }
}

const copy = (p: Tensor): Tensor => assign(keep(allocLike('EMA', p)), p)

function checkDecay(decay: number): number {
  if (typeof decay === 'number' && decay >= 0 && decay <= 1) return decay
  throw new RangeError(`EMA: expected decay >= 0 and <= 1, got ${describe(decay)}`)
}
