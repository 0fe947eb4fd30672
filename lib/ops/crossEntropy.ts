import { allocLike } from '../alloc.js'
import { noGrad, record } from '../autograd.js'
import { wide } from '../dtype.js'
import { AutogradError, describe, ShapeError } from '../errors.js'
import { toLayout } from '../layout.js'
import { kernels } from '../native.js'
import { showShape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { cast } from './convert.js'
import { checkDType, checkFloats, checkSameDevice, checkShapeIs, checkTensor } from './check.js'
import { add, div, mul } from './elementwise.js'
import { asImage } from './image.js'
import { type LossOptions, reduce } from './loss.js'
import { raised } from './precision.js'
import { sum } from './reduce.js'
import { reshape } from './shape.js'
import { logSoftmax } from './softmax.js'
import { neg, scale } from './unary.js'

/** Options of {@link nllLoss}. */
export interface ClassLossOptions extends LossOptions {
  /** [C], how much each class counts, of x's dtype; default all 1. The mean is weighted by the targets' weights. */
  weight?: Tensor
  /** Targets of this index lose nothing and count nothing; default −100. The mean over none is NaN. */
  ignoreIndex?: number
}

/** Options of {@link crossEntropy}. */
export interface CrossEntropyOptions extends ClassLossOptions {
  /** How much of each target is spread evenly over all classes, from 0 to 1; default 0. */
  labelSmoothing?: number
}

/**
 * −log softmax(x)[target], the loss of a classifier.
 *
 * @param x logits [N, C], or of cells [N, C, d1, …] with up to three spatial dimensions
 * @param target class indices, int32 [N] or [N, d1, …]; or probabilities (one-hot rows, say), of x's shape and dtype
 * @throws {ShapeError} {@link DTypeError} {@link DeviceError} when target or weight does not fit
 * @throws {RangeError} when labelSmoothing is not from 0 to 1, or ignoreIndex is a class where targets are probabilities
 * @throws {AutogradError} when the weight requires a gradient
 * @throws {ExecutionError} on reading, when an index is not from 0 to C − 1
 */
export function crossEntropy(x: Tensor, target: Tensor, options: CrossEntropyOptions = {}): Tensor {
  const { labelSmoothing: smoothing = 0, reduction } = options
  if (typeof smoothing !== 'number' || !(smoothing >= 0 && smoothing <= 1))
    throw new RangeError(`crossEntropy: expected labelSmoothing from 0 to 1, got ${describe(smoothing)}`)
  const given = operands('crossEntropy', x, target, options)
  if (target.rank === given.x.rank) return ofProbabilities(given.x, target, smoothing, given.weight, options)
  const { rows, classes, labels, weight, ignore } = indexed('crossEntropy', given, target)
  const exact = { dtype: wide(rows.dtype) }
  const losses = allocLike('crossEntropy', rows, target.shape, { ...exact, layout: 'rowMajor' })
  const logSumExp = allocLike('crossEntropy', losses)
  const rowWeight = allocLike('crossEntropy', losses)
  const n = losses.size
  const exactWeight = weight && cast(weight, exact.dtype)
  kernels.cross_entropy(
    n,
    classes,
    ignore,
    smoothing,
    rows.handle,
    exactWeight?.handle ?? 0,
    labels.handle,
    losses.handle,
    logSumExp.handle,
    rowWeight.handle,
  )
  const saved = [rows, exactWeight, labels, logSumExp, rowWeight] as const
  record('crossEntropy', losses, [rows], saved, (dlosses, _, [rows, weight, labels, logSumExp, rowWeight]) => {
    const dx = allocLike('crossEntropy', rows)
    kernels.cross_entropy_backward(
      n,
      classes,
      ignore,
      smoothing,
      rows.handle,
      weight?.handle ?? 0,
      labels.handle,
      logSumExp.handle,
      rowWeight.handle,
      dlosses.handle,
      dx.handle,
    )
    return [dx]
  })
  logSumExp.dispose()
  return cast(weighted('crossEntropy', losses, rowWeight, reduction), given.x.dtype)
}

/**
 * −x[target], the negative log likelihood.
 *
 * @param x log probabilities [N, C], or of cells [N, C, d1, …] with up to three spatial dimensions
 * @param target class indices, int32 [N] or [N, d1, …]
 * @throws {ShapeError} {@link DTypeError} {@link DeviceError} when target or weight does not fit
 * @throws {AutogradError} when the weight requires a gradient
 * @throws {ExecutionError} on reading, when an index is not from 0 to C − 1
 */
export function nllLoss(x: Tensor, target: Tensor, options: ClassLossOptions = {}): Tensor {
  const { rows, classes, labels, weight, ignore } = indexed('nllLoss', operands('nllLoss', x, target, options), target)
  const losses = allocLike('nllLoss', rows, target.shape, { layout: 'rowMajor' })
  const rowWeight = allocLike('nllLoss', losses)
  const n = losses.size
  kernels.nll(n, classes, ignore, rows.handle, weight?.handle ?? 0, labels.handle, losses.handle, rowWeight.handle)
  const { shape, layout } = rows
  record('nllLoss', losses, [rows], [labels, rowWeight], (dlosses, _, [labels, rowWeight]) => {
    const dx = allocLike('nllLoss', dlosses, shape, { layout })
    kernels.nll_backward(n, classes, labels.handle, rowWeight.handle, dlosses.handle, dx.handle)
    return [dx]
  })
  return weighted('nllLoss', losses, rowWeight, options.reduction)
}

interface Operands {
  x: Tensor
  weight: Tensor | undefined
  ignore: number
}

function operands(op: string, x: Tensor, target: Tensor, options: ClassLossOptions): Operands {
  let { weight } = options
  ;[x, weight] = raised(x, weight)
  checkFloats(op, { x, weight })
  checkTensor(op, 'target', target)
  if (x.rank < 2 || x.rank > 5)
    throw new ShapeError(`${op}: expected x of shape [N, C] or [N, C, d1, …] up to rank 5, got ${showShape(x.shape)}`)
  if (weight) checkShapeIs(op, 'weight', weight, [x.shape[1]!])
  if (weight?.requiresGrad) throw new AutogradError(`${op}: expected a weight that requires no gradient; detach() it`)
  const { ignoreIndex = -100 } = options
  if (!Number.isSafeInteger(ignoreIndex))
    throw new RangeError(`${op}: expected ignoreIndex to be a whole number, got ${describe(ignoreIndex)}`)
  return { x, weight, ignore: ignoreIndex }
}

/** x as rows of classes, which lie together, and their labels in the same order. */
function indexed(op: string, { x, weight, ignore }: Operands, target: Tensor) {
  const [n, classes, ...cells] = x.shape as [number, number, ...number[]]
  checkShapeIs(op, 'target', target, [n, ...cells])
  checkDType(op, 'target', target, 'int32')
  checkSameDevice(op, 'x', x, 'target', target)
  return { rows: asImage(x), classes, labels: toLayout(target, 'rowMajor'), weight, ignore }
}

function ofProbabilities(
  x: Tensor,
  target: Tensor,
  smoothing: number,
  weight: Tensor | undefined,
  { reduction, ignoreIndex = -100 }: CrossEntropyOptions,
): Tensor {
  ;[target] = raised(target)
  checkFloats('crossEntropy', { x, target })
  checkShapeIs('crossEntropy', 'target', target, x.shape)
  if (ignoreIndex >= 0)
    throw new RangeError(`crossEntropy: expected no ignoreIndex for targets of probabilities, got ${ignoreIndex}`)
  const classes = x.shape[1]!
  const smooth = smoothing === 0 ? target : add(scale(target, 1 - smoothing), smoothing / classes)
  const counted = weight ? mul(smooth, reshape(weight, [classes, ...x.shape.slice(2).map(() => 1)])) : smooth
  return reduce('crossEntropy', neg(sum(mul(logSoftmax(x, 1), counted), 1)), { reduction })
}

/** The losses reduced; their mean is by weight. */
function weighted(op: string, losses: Tensor, rowWeight: Tensor, reduction: LossOptions['reduction'] = 'mean'): Tensor {
  const y = reduction === 'mean' ? div(sum(losses), noGrad(() => sum(rowWeight))) : reduce(op, losses, { reduction }) // prettier-ignore
  rowWeight.dispose()
  return y
}
