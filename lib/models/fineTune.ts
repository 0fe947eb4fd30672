import { describe } from '../errors.js'
import type { HookHandle } from '../hooks.js'
import { isModule } from '../nn/members.js'
import type { Module } from '../nn/module.js'
import { FeatureNorm } from '../nn/norm.js'
import type { Parameter } from '../nn/parameter.js'
import { nonNegative } from '../nn/validate.js'
import type { Generator } from '../random.js'
import type { Callback, Run } from '../train/callback.js'
import { type Head, replaceHead } from './head.js'

/** Options of {@link fineTune}. */
export interface FineTuneOptions {
  /** Of what the new head tells apart. */
  numClasses: number
  /** The head's learning rate; default 1e-3. */
  lr?: number
  /** That of all other layers, once they learn; default: a tenth of the head's. */
  featuresLr?: number
  /** Epochs in which only the head learns; default Infinity: all of them. */
  unfreezeAfter?: number
  /** What the head's weights are drawn from; default: the default generator. */
  generator?: Generator
}

/** Parameters with a learning rate of their own, as optimizers take them. */
export interface OptimizerGroup {
  /** The layers' parameters. */
  params: Parameter[]
  /** Their learning rate. */
  lr: number
}

/**
 * A trained network on its way to another task: see `fineTune`. Among the callbacks of `fit` it unfreezes the features when
 * their time has come.
 */
export class FineTuning implements Callback {
  readonly #model: Module
  readonly #features: readonly Parameter[]
  readonly #lr: number
  readonly #featuresLr: number
  readonly #unfreezeAfter: number
  #hooks: HookHandle[] = []
  #frozen = false

  /** @internal */
  constructor(
    model: Module,
    /** The layer that tells the classes apart. */
    readonly head: Head,
    { lr, featuresLr, unfreezeAfter }: Required<Pick<FineTuneOptions, 'lr' | 'featuresLr' | 'unfreezeAfter'>>,
  ) {
    const own = new Set(head.parameters())
    this.#model = model
    this.#features = [...model.parameters()].filter((p) => !own.has(p))
    this.#lr = lr
    this.#featuresLr = featuresLr
    this.#unfreezeAfter = unfreezeAfter
    this.freeze()
  }

  /** Whether all but the head stands still. */
  get frozen(): boolean {
    return this.#frozen
  }

  /** The head's parameters and all others, each with its learning rate: `new optim.Adam(tuning.optimizerGroups())`. */
  optimizerGroups(): OptimizerGroup[] {
    return [
      { params: [...this.head.parameters()], lr: this.#lr },
      { params: [...this.#features], lr: this.#featuresLr },
    ].filter(({ params }) => params.length)
  }

  /** All but the head stands still; norms keep to their running statistics, in training too. */
  freeze(): void {
    if (this.#frozen) return
    this.#frozen = true
    for (const p of this.#features) {
      p.gradient?.dispose()
      p.grad = undefined
      p.requiresGrad = false
    }
    const still = (norm: FeatureNorm): void => {
      norm.training = false
    }
    for (const module of this.#model.modules())
      if (module instanceof FeatureNorm) this.#hooks.push(module.registerForwardPreHook(still))
  }

  /** All layers learn. */
  unfreeze(): void {
    this.#frozen = false
    for (const p of this.#features) p.requiresGrad = true
    for (const hook of this.#hooks) hook.remove()
    this.#hooks = []
  }

  /** @internal */
  onFitStart(run: Run): void {
    this.#follow(run.epoch)
  }

  /** @internal */
  onEpochStart(run: Run): void {
    this.#follow(run.epoch - 1)
  }

  #follow(epochsDone: number): void {
    if (this.#frozen && epochsDone >= this.#unfreezeAfter) this.unfreeze()
  }
}

/**
 * Prepares a trained network for other classes: its last linear or convolution layer, which is the classifier of every network
 * of the zoo, is replaced by a new one, and all others are frozen. Auxiliary classifiers, which `forward` does not run, stay as
 * they are.
 *
 * ```ts
 * const model = models.resnet18()
 * model.loadStateDict(await io.loadPyTorch('resnet18-f37072fd.pth'))
 * const tuning = models.fineTune(model, { numClasses: 2, lr: 1e-3, featuresLr: 1e-4, unfreezeAfter: 3 })
 * const trainer = new train.Trainer(model, {
 *   optimizer: new optim.Adam(tuning.optimizerGroups()),
 *   loss: new nn.CrossEntropyLoss(),
 * })
 * await trainer.fit(images, { epochs: 10, callbacks: [tuning] })
 * ```
 *
 * @throws {TypeError} when the model is none, or has no such layer
 * @throws {RangeError} when an option is out of range; the model is as before then
 */
export function fineTune(model: Module, options: FineTuneOptions): FineTuning {
  if (!isModule(model)) throw new TypeError(`fineTune: expected a module, got ${describe(model)}`)
  const { numClasses, lr = 1e-3, featuresLr = lr / 10, unfreezeAfter = Infinity, generator } = options
  nonNegative('fineTune', 'lr', lr)
  nonNegative('fineTune', 'featuresLr', featuresLr)
  if (!(unfreezeAfter >= 0))
    throw new RangeError(`fineTune: expected unfreezeAfter to be at least 0, got ${describe(unfreezeAfter)}`)
  const head = replaceHead(model, numClasses, generator)
  return new FineTuning(model, head, { lr, featuresLr, unfreezeAfter })
}
