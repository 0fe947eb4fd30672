import { refuseInStep } from '../capture/recording.js'
import { alloc } from '../alloc.js'
import { describe } from '../errors.js'
import { kernels } from '../native.js'
import { scale } from '../ops/unary.js'
import { Scope } from '../scope.js'
import type { Tensor } from '../tensor.js'
import { groupBy, handles, kindOf } from './lists.js'

/** Options of {@link GradScaler}. */
export interface GradScalerOptions {
  /** The first factor; default 65536. */
  initScale?: number
  /** What the factor is multiplied with after `growthInterval` steps in which no gradient overflowed; default 2. */
  growthFactor?: number
  /** What the factor is multiplied with after a step in which one did; default 0.5. */
  backoffFactor?: number
  /** Default 2000. */
  growthInterval?: number
  /** Default true; a disabled scaler changes nothing. */
  enabled?: boolean
}

/** What a `GradScaler` needs of an optimizer. */
export interface ScaledOptimizer {
  /** Whose parameters' gradients are divided by the factor. */
  readonly paramGroups: Iterable<{
    /** Tensors with gradients. */
    params: Iterable<Tensor>
  }>
  /** Changes the parameters by their gradients. */
  step(): void
}

/** The factor and how it changes; JSON. */
export interface GradScalerState {
  /** The factor now. */
  scale: number
  /** What it is multiplied with to grow. */
  growthFactor: number
  /** What it is multiplied with after an overflow. */
  backoffFactor: number
  /** Steps without overflow after which it grows. */
  growthInterval: number
  /** Such steps since it last changed. */
  growthTracker: number
}

/**
 * Keeps gradients of float16 from vanishing: the loss is multiplied with a factor before `backward()`, the gradients are
 * divided by it before the step, and a step whose gradients are not finite is left out and lowers the factor.
 *
 * ```ts
 * const loss = autocast({ dtype: 'float16' }, () => crossEntropy(model(x), labels))
 * scaler.scale(loss).backward()
 * await scaler.step(optimizer)
 * scaler.update()
 * ```
 *
 * Source: Micikevicius et al., "Mixed precision training", ICLR 2018; defaults are PyTorch's.
 */
export class GradScaler {
  /** Whether it does anything. */
  readonly enabled: boolean
  #state: GradScalerState
  /** Whether an optimizer's gradients were unscaled since `update()`, and whether they are finite once that is known. */
  readonly #unscaled = new Map<ScaledOptimizer, Promise<boolean>>()
  #overflowed = false
  #stepped = false

  /** @throws {RangeError} when an option is out of range */
  constructor(options: GradScalerOptions = {}) {
    const { initScale = 65536, growthFactor = 2, backoffFactor = 0.5, growthInterval = 2000, enabled = true } = options
    this.enabled = enabled
    this.#state = checked({ scale: initScale, growthFactor, backoffFactor, growthInterval, growthTracker: 0 })
  }

  /** The factor now; 1 when disabled. */
  getScale(): number {
    return this.enabled ? this.#state.scale : 1
  }

  /** The loss, multiplied with the factor. @throws {Error} ERR_CAPTURE in a captured step */
  scale(loss: Tensor): Tensor {
    refuseInStep('GradScaler.scale', 'factor that changes', 'capture steps that need no scaler')
    return this.enabled ? scale(loss, this.#state.scale) : loss
  }

  /**
   * Divides the gradients of an optimizer's parameters by the factor now, to clip them, say, before `step()`.
   * @throws {Error} when they were already since the last `update()`
   */
  unscale_(optimizer: ScaledOptimizer): void {
    if (!this.enabled) return
    if (this.#unscaled.has(optimizer))
      throw new Error('unscale_: expected one call per optimizer and update(), got a second one')
    const finite = divide(optimizer, this.#state.scale)
    finite.catch(() => undefined) // step() rejects with it
    this.#unscaled.set(optimizer, finite)
  }

  /**
   * Takes the optimizer's step if all gradients are finite, and resolves to whether it did. Only this waits for the
   * gradients, without blocking the event loop. When an op that made a gradient failed, it rejects with that error, and
   * all is as if it had not been called.
   */
  async step(optimizer: ScaledOptimizer): Promise<boolean> {
    if (this.enabled) {
      if (!this.#unscaled.has(optimizer)) this.unscale_(optimizer)
      const finite = await this.#finite(optimizer)
      this.#stepped = true
      if (!finite) {
        this.#overflowed = true
        return false
      }
    }
    optimizer.step()
    return true
  }

  /** Adapts the factor to what the steps since the last call found. */
  update(): void {
    if (!this.enabled) return
    if (!this.#stepped) throw new Error('update: expected a step() since the last update()')
    const { growthFactor, backoffFactor, growthInterval } = this.#state
    if (this.#overflowed) {
      this.#state.scale *= backoffFactor
      this.#state.growthTracker = 0
    } else if (++this.#state.growthTracker === growthInterval) {
      this.#state.scale = Math.min(this.#state.scale * growthFactor, 2 ** 126)
      this.#state.growthTracker = 0
    }
    this.#forget()
  }

  /** The factor and how it changes, for checkpoints. */
  stateDict(): GradScalerState {
    return { ...this.#state }
  }

  /**
   * Goes on from there; what was unscaled or stepped since the last `update()` is forgotten.
   * @throws {RangeError} when a value is out of range
   */
  loadStateDict(state: GradScalerState): void {
    this.#state = checked({ ...state })
    this.#forget()
  }

  async #finite(optimizer: ScaledOptimizer): Promise<boolean> {
    try {
      return await this.#unscaled.get(optimizer)!
    } catch (error) {
      this.#unscaled.delete(optimizer)
      throw error
    }
  }

  #forget(): void {
    this.#unscaled.clear()
    this.#overflowed = this.#stepped = false
  }
}

/** Divides the gradients, and tells whether they all are finite. */
async function divide(optimizer: ScaledOptimizer, factor: number): Promise<boolean> {
  const grads = [...optimizer.paramGroups].flatMap(({ params }) => [...params].flatMap(({ grad }) => grad ?? []))
  using made = new Scope()
  const found = made.run(() =>
    groupBy(grads, kindOf).map((grads) => {
      const overflow = alloc('unscale_', [1], grads[0]!.dtype === 'float64' ? 'float64' : 'float32', grads[0]!.device)
      kernels.unscale(1 / factor, handles(grads), overflow.handle)
      for (const grad of grads) grad.markModified()
      return overflow.item()
    }),
  )
  return (await Promise.all(found)).every((overflow) => overflow === 0)
}

function checked(state: GradScalerState): GradScalerState {
  const expect = (ok: boolean, name: keyof GradScalerState, what: string) => {
    if (!ok) throw new RangeError(`GradScaler: expected ${name} ${what}, got ${describe(state[name])}`)
  }
  expect(state.scale > 0 && Number.isFinite(state.scale), 'scale', '> 0')
  expect(state.growthFactor > 1, 'growthFactor', '> 1')
  expect(state.backoffFactor > 0 && state.backoffFactor < 1, 'backoffFactor', 'between 0 and 1')
  expect(Number.isSafeInteger(state.growthInterval) && state.growthInterval > 0, 'growthInterval', 'a whole number > 0')
  expect(Number.isSafeInteger(state.growthTracker) && state.growthTracker >= 0, 'growthTracker', 'a whole number >= 0')
  return state
}
