import { allocLike } from '../alloc.js'
import { isGradEnabled, record } from '../autograd.js'
import { wide } from '../dtype.js'
import { AutogradError, describe, ShapeError } from '../errors.js'
import { kernels } from '../native.js'
import { sameShape, showShape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { logSoftmax } from './softmax.js'
import { checkDType, checkFloats, checkSameDevice, checkShapeIs, checkTensor } from './check.js'
import { isCast, raised } from './precision.js'
import { mul, sub } from './elementwise.js'
import { neg } from './unary.js'
import { mean, sum } from './reduce.js'
import { toLayout } from '../layout.js'

export interface LossOptions {
  /** What becomes of the losses: their mean (default), their sum, or nothing. */
  reduction?: 'mean' | 'sum' | 'none'
}

function reduce(op: string, losses: Tensor, { reduction = 'mean' }: LossOptions): Tensor {
  if (reduction === 'mean') return mean(losses)
  if (reduction === 'sum') return sum(losses)
  if (reduction === 'none') return losses
  throw new RangeError(`${op}: expected reduction 'mean', 'sum' or 'none', got ${describe(reduction)}`)
}

/**
 * −log softmax(x)[target], the loss of a classifier.
 *
 * @param x logits [N, C]
 * @param target class indices, int32 [N]; or probabilities (one-hot rows, say), [N, C] of x's dtype
 * @throws {ShapeError} {@link DTypeError} {@link DeviceError} when target does not fit
 * @throws {ExecutionError} on reading, when an index is not from 0 to C − 1
 */
export function crossEntropy(x: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  ;[x] = raised(x)
  checkFloats('crossEntropy', { x })
  checkTensor('crossEntropy', 'target', target)
  checkShapeIs('crossEntropy', 'x', x, ['N', 'C'])
  const [n, classes] = x.shape as [number, number]
  if (target.rank === 2) {
    ;[target] = raised(target)
    checkFloats('crossEntropy', { x, target })
    checkShapeIs('crossEntropy', 'target', target, [n, classes])
    return reduce('crossEntropy', neg(sum(mul(logSoftmax(x, 1), target), 1)), options)
  }
  checkShapeIs('crossEntropy', 'target', target, [n])
  checkDType('crossEntropy', 'target', target, 'int32')
  checkSameDevice('crossEntropy', 'x', x, 'target', target)
  const losses = allocLike('crossEntropy', x, [n])
  const logSumExp = allocLike('crossEntropy', x, [n], { dtype: wide(x.dtype) })
  kernels.cross_entropy(n, classes, x.handle, target.handle, losses.handle, logSumExp.handle)
  record('crossEntropy', losses, [x], [x, target, logSumExp], (dlosses, _, [x, target, logSumExp]) => {
    const dx = allocLike('crossEntropy', x)
    kernels.cross_entropy_backward(n, classes, x.handle, target.handle, logSumExp.handle, dlosses.handle, dx.handle)
    return [dx]
  })
  logSumExp.dispose()
  return reduce('crossEntropy', losses, options)
}

/**
 * −(target · log x + (1 − target) · log(1 − x)), with logarithms clamped at −100 as PyTorch's.
 *
 * @param x probabilities, any shape
 * @param target of the same shape
 * @throws {ShapeError} {@link DTypeError} {@link DeviceError} when target does not fit
 * @throws {ExecutionError} on reading, when a probability is not from 0 to 1
 * @throws {AutogradError} when the target requires a gradient, or in an autocast region on CUDA
 */
export function binaryCrossEntropy(x: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkTensor('binaryCrossEntropy', 'x', x)
  if (isCast(x))
    throw new AutogradError(
      'binaryCrossEntropy: expected no autocast, under which its logarithms would be unsafe; leave the region first, ' +
        'with float32 probabilities',
    )
  const goal = sameAs('binaryCrossEntropy', x, target)
  if (target.requiresGrad && isGradEnabled())
    throw new AutogradError('binaryCrossEntropy: expected a target that requires no gradient; detach() it')
  const losses = allocLike('binaryCrossEntropy', x)
  kernels.bce(x.size, x.handle, goal.handle, losses.handle)
  record('binaryCrossEntropy', losses, [x], [x, goal], (dlosses, _, [x, goal]) => {
    const dx = allocLike('binaryCrossEntropy', x)
    kernels.bce_backward(x.size, x.handle, goal.handle, dlosses.handle, dx.handle)
    return [dx]
  })
  return reduce('binaryCrossEntropy', losses, options)
}

/**
 * (x − target)².
 * @throws {ShapeError} {@link DTypeError} {@link DeviceError} when target does not fit
 */
export function mseLoss(x: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  ;[x, target] = raised(x, target)
  const difference = sub(x, sameAs('mseLoss', x, target))
  return reduce('mseLoss', mul(difference, difference), options)
}

/** The target in x's layout, checked to match x: broadcasting a loss is nearly always a mistake. */
function sameAs(op: string, x: Tensor, target: Tensor): Tensor {
  checkFloats(op, { x, target })
  if (!sameShape(x.shape, target.shape))
    throw new ShapeError(`${op}: expected target of shape ${showShape(x.shape)}, got ${showShape(target.shape)}`)
  return toLayout(target, x.layout)
}
