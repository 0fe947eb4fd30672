import { noGrad } from '../autograd.js'
import { clipGradNorm, clipGradValue } from '../optim/clip.js'
import type { GradScaler, ScaledOptimizer } from '../optim/gradScaler.js'
import { scale } from '../ops/unary.js'
import { scope } from '../scope.js'
import type { Tensor } from '../tensor.js'
import type { ClipOptions, TrainerOptimizer } from './options.js'

/**
 * Steps of an optimizer, each on the gradient of one batch or of several. The gradient of several is that of the batch
 * that they make together: each weighs as much as it has samples.
 */
export class Stepper {
  /** Batches whose gradients wait for a step. */
  pending = 0
  #samples = 0
  /** Of a full group, if all its batches are as large as the first. */
  #expected = 0

  constructor(
    private readonly optimizer: TrainerOptimizer,
    private readonly scaler: GradScaler | undefined,
    private readonly accumulate: number,
    private readonly clip: ClipOptions,
  ) {}

  /** Whether the batches at hand make a step. */
  get due(): boolean {
    return this.pending >= this.accumulate
  }

  /** Counts a batch whose gradient is there. */
  count(samples: number): void {
    if (this.pending++ === 0) {
      this.#expected = samples * this.accumulate
      this.#samples = 0
    }
    this.#samples += samples
  }

  /** Adds the gradient of a loss, the mean over so many samples. */
  backward(loss: Tensor, samples: number): void {
    this.count(samples)
    const share = this.accumulate === 1 ? loss : scale(loss, samples / this.#expected)
    ;(this.scaler ? this.scaler.scale(share) : share).backward()
  }

  /** Takes the step. Waits only for gradients of float16, to see whether they are finite. */
  async step(): Promise<void> {
    const { optimizer, scaler } = this
    // The last group may have fewer batches, the last batch fewer samples.
    if (this.#samples !== this.#expected && this.accumulate > 1) this.#weigh(this.#expected / this.#samples)
    this.pending = 0
    this.#clip()
    if (scaler) {
      await scaler.step(optimizer as ScaledOptimizer)
      scaler.update()
    } else optimizer.step()
    optimizer.zeroGrad()
  }

  /** Forgets gradients that wait for a step, and a step that was not taken to its end. */
  clear(): void {
    this.pending = 0
    this.optimizer.zeroGrad()
    this.scaler?.loadStateDict(this.scaler.stateDict())
  }

  /** Gradients of float16 are clipped as they are without the scaler's factor. */
  #clip(): void {
    const { clipGradNorm: norm, clipGradValue: value } = this.clip
    if (norm === undefined && value === undefined) return
    this.scaler?.unscale_(this.optimizer as ScaledOptimizer)
    const params = [...(this.optimizer.paramGroups ?? [])].flatMap((group) => [...group.params])
    scope(() => {
      if (value !== undefined) clipGradValue(params, value)
      if (norm !== undefined) clipGradNorm(params, norm)
    })
  }

  #weigh(factor: number): void {
    scope(() =>
      noGrad(() => {
        for (const { params } of this.optimizer.paramGroups ?? [])
          for (const { grad } of params) grad?.copy_(scale(grad, factor))
      }),
    )
  }
}
