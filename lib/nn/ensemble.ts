import { describe } from '../errors.js'
import { add } from '../ops/elementwise.js'
import { stack } from '../ops/join.js'
import { logSoftmax } from '../ops/softmax.js'
import { logsumexp } from '../ops/statistics.js'
import type { Tensor } from '../tensor.js'
import { ModuleList } from './list.js'
import { Module } from './module.js'
import type { Layer } from './sequential.js'
import { oneOf } from './validate.js'

/** Options of {@link Ensemble}. */
export interface EnsembleOptions {
  /** What is put together: logits, which are added up (default), or probabilities, which are averaged. */
  combine?: 'logits' | 'probabilities'
}

/**
 * Classifiers that answer together. Each member is trained by itself; the ensemble is a model like any other to evaluate.
 *
 * ```ts
 * const ensemble = new nn.Ensemble([makeNet(), makeNet(), makeNet()])
 * for (const member of ensemble.members) await trainerOf(member).fit(trainSet, { epochs: 5 })
 * const together = await new train.Trainer(ensemble, { loss, metrics: [train.accuracy] }).evaluate(testSet)
 * ```
 */
export class Ensemble<M extends Layer = Layer> extends Module {
  /** The classifiers. */
  readonly members: ModuleList<M>
  /** What is put together. */
  readonly combine: 'logits' | 'probabilities'

  /** @throws {TypeError} when a member is no module, {RangeError} when there is none */
  constructor(members: Iterable<M>, { combine = 'logits' }: EnsembleOptions = {}) {
    super()
    this.members = new ModuleList(members)
    if (!this.members.length) throw new RangeError(`Ensemble: expected at least one member, got ${describe(members)}`)
    this.combine = oneOf('Ensemble', 'combine', combine, ['logits', 'probabilities'])
  }

  /**
   * @param x what every member is given
   * @returns [N, K], the sum of the members' logits, or the logarithm of their mean probabilities, which losses and metrics
   *   take as logits
   */
  forward(x: Tensor): Tensor {
    const logits = Array.from(this.members, (member) => member(x))
    if (this.combine === 'logits') return logits.reduce((sum, each) => add(sum, each))
    const together = logsumexp(stack(logits.map((each) => logSoftmax(each, 1))), 0)
    return add(together, -Math.log(logits.length))
  }

  override extraRepr(): string {
    return this.combine === 'logits' ? '' : `combine=${this.combine}`
  }
}
