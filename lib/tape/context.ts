import { checkTensor } from '../ops/check.js'
import type { Tensor } from '../tensor.js'

/** What `forward` of a custom function hands to its `backward`. Anything else than tensors may be assigned to it. */
export class Context {
  /** Whether each argument of `forward` wants a gradient; `backward` may leave out the others. */
  needsInputGrad: readonly boolean[]
  #saved: readonly (Tensor | undefined)[] = []
  readonly #constants = new Set<Tensor>();
  [extra: string]: unknown

  /** @internal */
  constructor(needs: readonly boolean[]) {
    this.needsInputGrad = needs
  }

  /**
   * Saves tensors, arguments or results or others, until the backward pass, which notices when they were changed in
   * place. Only tensors saved here are freed in time.
   */
  saveForBackward(...tensors: readonly (Tensor | undefined)[]): void {
    tensors.forEach((x, i) => {
      if (x !== undefined) checkTensor('saveForBackward', `argument ${i}`, x)
    })
    this.#saved = tensors
  }

  /** In `backward`, what `forward` saved. */
  get savedTensors(): readonly (Tensor | undefined)[] {
    return this.#saved
  }

  /** In `forward`: gradients do not come back to these results. Results of integers are so anyway. */
  markNonDifferentiable(...results: readonly Tensor[]): void {
    for (const y of results) this.#constants.add(y)
  }

  /** @internal */
  isConstant(y: Tensor): boolean {
    return this.#constants.has(y)
  }

  /** @internal What it says from now on. */
  update(saved: readonly (Tensor | undefined)[], needs: readonly boolean[]): void {
    this.#saved = saved
    this.needsInputGrad = needs
  }
}
