import { tensor } from '../create.js'
import { describe, ShapeError } from '../errors.js'
import { eq, le, lt, where } from '../ops/compare.js'
import { cast } from '../ops/convert.js'
import { add, mul, sub } from '../ops/elementwise.js'
import { argmax, mean, sum } from '../ops/reduce.js'
import { reshape } from '../ops/shape.js'
import { showShape } from '../shape.js'
import type { Tensor } from '../tensor.js'

/**
 * A figure of a batch, averaged over its samples, as a scalar tensor. Its function name is its name in the history.
 */
export type Metric = (output: Tensor, target: Tensor) => Tensor

/** A figure of a whole epoch that is no average of the batches' figures. */
export interface EpochMetric {
  /** In the history. */
  readonly name: string
  /** Begins to count: every epoch and every evaluation counts for itself. */
  start(): Accumulator
}

/** Gathers over batches what an `EpochMetric` is computed from. */
export interface Accumulator {
  /** Takes a batch in, without waiting for it to be computed. */
  update(output: Tensor, target: Tensor): void
  /** The figure of all batches since the start, or several under names of their own. */
  compute(): number | Record<string, number> | Promise<number | Record<string, number>>
  /** Forgets all batches, and frees what was gathered. */
  reset(): void
  /** What was gathered, so that a run can be saved and resumed within an epoch; `loadStateDict` copies its tensors. */
  stateDict?(): object
  /** Goes on from there. */
  loadStateDict?(state: never): void
}

/**
 * The share of samples whose largest logit is the label's: a scalar.
 *
 * @param logits [N, C]
 * @param labels indices int32 [N], or one-hot or probabilities [N, C]
 * @throws ShapeError when the shapes do not fit
 */
export function accuracy(logits: Tensor, labels: Tensor): Tensor {
  const expected = toClasses('accuracy', logits, labels)
  return mean(cast(eq(argmax(logits, 1), expected), 'float32'))
}

/** 1 − accuracy. */
export function errorRate(logits: Tensor, labels: Tensor): Tensor {
  return sub(1, accuracy(logits, labels))
}

/**
 * The share of samples whose label is among the k largest logits, `top5` in the history; of equal ones, earlier classes
 * come first, so that `topK(1)` is the accuracy.
 * @throws {RangeError} when k is no integer ≥ 1
 */
export function topK(k: number): Metric {
  if (!(Number.isSafeInteger(k) && k > 0))
    throw new RangeError(`topK: expected k to be an integer ≥ 1, got ${describe(k)}`)
  return named(`top${k}`, (logits, labels) => {
    const [rows, classes] = logits.shape as [number, number]
    const column = reshape(toClasses('topK', logits, labels), [rows, 1])
    const range = classRange(logits)
    const isLabel = eq(column, range)
    const own = sum(where(isLabel, logits, 0), 1, { keepDim: true })
    const one = (x: Tensor) => cast(x, 'float32')
    // The label itself, and classes whose logit is smaller, or equal and later; what is no number stands before it.
    const behind = add(one(lt(logits, own)), mul(one(eq(logits, own)), one(le(column, range))))
    const isClass = sum(one(isLabel), 1)
    return mean(mul(one(lt(classes - k, sum(behind, 1))), isClass))
  })
}

/**
 * A loss as a figure: another one than is trained on, or the same without its penalty.
 * @param name in the history
 */
export function meanLoss(loss: (output: Tensor, target: Tensor) => Tensor, name = 'meanLoss'): Metric {
  return named(name, (output, target) => loss(output, target))
}

/** Gives a metric its name. */
export const named = (name: string, metric: Metric): Metric => Object.defineProperty(metric, 'name', { value: name })

/** The labels as int32 [N]; throws ShapeError unless they fit logits [N, C]. */
export function toClasses(op: string, logits: Tensor, labels: Tensor): Tensor {
  const [rows, classes] = logits.shape
  const oneHot = labels.rank === 2 && labels.shape[1] === classes
  if (logits.rank !== 2 || labels.shape[0] !== rows || (labels.rank !== 1 && !oneHot))
    throw new ShapeError(
      `${op}: expected logits [N, C] and labels [N] or [N, C], ` +
        `got ${showShape(logits.shape)} and ${showShape(labels.shape)}`,
    )
  return oneHot ? argmax(labels, 1) : cast(labels, 'int32')
}

/** 0, 1, … of so many classes as the logits have: int32 [1, C]. */
export function classRange({ shape, device }: Tensor): Tensor {
  const classes = shape[1] ?? 0
  return tensor(
    Int32Array.from({ length: classes }, (_, i) => i),
    { shape: [1, classes], device },
  )
}
