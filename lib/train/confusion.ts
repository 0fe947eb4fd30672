import { autocast } from '../autocast.js'
import { noGrad } from '../autograd.js'
import { ShapeError } from '../errors.js'
import { cast, clone } from '../ops/convert.js'
import { eq } from '../ops/compare.js'
import { add } from '../ops/elementwise.js'
import { matmul } from '../ops/matmul.js'
import { argmax } from '../ops/reduce.js'
import { reshape } from '../ops/shape.js'
import { keep, scope } from '../scope.js'
import type { Tensor } from '../tensor.js'
import { type Accumulator, classRange, type EpochMetric, toClasses } from './metrics.js'

/** Row: label, column: the class that the model gave. */
export type Counts = readonly (readonly number[])[]

export interface ConfusionMatrix extends EpochMetric {
  start(): ConfusionCounter
  /** Of the epoch or evaluation that ended last. */
  readonly latest: Counts | undefined
}

/**
 * Counts how often the model took each class for each other. A matrix is no column of a history: it is in `latest`.
 * Labels that are no class count nowhere.
 *
 * ```ts
 * const matrix = train.confusionMatrix()
 * const trainer = new train.Trainer(model, { loss, metrics: [matrix] })
 * await trainer.evaluate(testSet)
 * console.table(matrix.latest)
 * ```
 */
export function confusionMatrix(): ConfusionMatrix {
  let latest: Counts | undefined
  return {
    name: 'confusionMatrix',
    get latest() {
      return latest
    },
    start: () => new ConfusionCounter((counts) => ((latest = counts), {})),
  }
}

/** Counts pairs of label and answer of logits [N, C] and labels [N] or [N, C]. */
export class ConfusionCounter implements Accumulator {
  readonly #figure: (counts: Counts) => number | Record<string, number>
  /** float64 [C, C], exact to 2⁵³. */
  #total: Tensor | undefined

  /** @param figure what the counts come to */
  constructor(figure: (counts: Counts) => number | Record<string, number>) {
    this.#figure = figure
  }

  /** @throws {ShapeError} when the shapes do not fit, or the number of classes changes */
  update(logits: Tensor, labels: Tensor): void {
    const before = this.#total
    // In half precision counts beyond 2048 would not be exact.
    this.#total = scope(() =>
      autocast({ enabled: false }, () => {
        const batch = noGrad(() => pairs(logits, labels))
        if (before && before.size !== batch.size)
          throw new ShapeError(`confusionMatrix: expected ${before.shape[0]} classes as before, got ${batch.shape[0]}`)
        return keep(before ? add(before.to(batch.device), batch) : batch) // a total that was loaded may lie elsewhere
      }),
    )
    before?.dispose()
  }

  async compute(): Promise<number | Record<string, number>> {
    return this.#figure(await this.counts())
  }

  /** Row: label, column: answer. */
  async counts(): Promise<Counts> {
    const classes = this.#total?.shape[0] ?? 0
    const flat = (await this.#total?.data()) ?? new Float64Array()
    return Array.from({ length: classes }, (_, row) => [...flat.subarray(row * classes, (row + 1) * classes)])
  }

  reset(): void {
    this.#total?.dispose()
    this.#total = undefined
  }

  /** What was counted so far. */
  stateDict(): {
    /** Counts [K, K]; undefined before the first batch. */
    total?: Tensor
  } {
    return this.#total ? { total: this.#total } : {}
  }

  /** Goes on from there; the counts are copied. */
  loadStateDict({ total }: { total?: Tensor }): void {
    this.reset()
    if (total) this.#total = keep(clone(total))
  }
}

/** float64 [C, C]: of one-hot matrices, the product of the labels' transpose and the answers'. */
function pairs(logits: Tensor, labels: Tensor): Tensor {
  const expected = toClasses('confusionMatrix', logits, labels)
  const [rows] = logits.shape as [number, number]
  const range = classRange(logits)
  const oneHot = (x: Tensor) => cast(eq(reshape(x, [rows, 1]), range), 'float32')
  return cast(matmul(oneHot(expected), oneHot(argmax(logits, 1)), { transposeA: true }), 'float64')
}
