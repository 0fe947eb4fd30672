import { ShapeError } from '../errors.js'
import { argmax, mean } from '../ops/reduce.js'
import { eq } from '../ops/compare.js'
import { sub } from '../ops/elementwise.js'
import { cast } from '../ops/convert.js'
import type { Tensor } from '../tensor.js'

/**
 * A figure of a batch, averaged over its samples, as a scalar tensor. Its function name is its name in the history.
 */
export type Metric = (output: Tensor, target: Tensor) => Tensor

/**
 * The share of samples whose largest logit is the label's: a scalar.
 *
 * @param logits [N, C]
 * @param labels indices int32 [N], or one-hot or probabilities [N, C]
 * @throws ShapeError when the shapes do not fit
 */
export function accuracy(logits: Tensor, labels: Tensor): Tensor {
  const [rows, classes] = logits.shape
  const oneHot = labels.rank === 2 && labels.shape[1] === classes
  if (logits.rank !== 2 || labels.shape[0] !== rows || (labels.rank !== 1 && !oneHot))
    throw new ShapeError(
      `accuracy: expected logits [N, C] and labels [N] or [N, C], ` +
        `got [${logits.shape.join(', ')}] and [${labels.shape.join(', ')}]`,
    )
  const expected = oneHot ? argmax(labels, 1) : cast(labels, 'int32')
  return mean(cast(eq(argmax(logits, 1), expected), 'float32'))
}

/** 1 − accuracy. */
export function errorRate(logits: Tensor, labels: Tensor): Tensor {
  return sub(1, accuracy(logits, labels))
}
