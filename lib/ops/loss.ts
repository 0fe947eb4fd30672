import { allocLike } from '../alloc.js'
import { isGradEnabled, record } from '../autograd.js'
import { AutogradError, describe, ShapeError } from '../errors.js'
import { kernels } from '../native.js'
import { sameShape, showShape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { checkFloats, checkTensor } from './check.js'
import { isCast, raised } from './precision.js'
import { mul, sub } from './elementwise.js'
import { abs, scale } from './unary.js'
import { mean, sum } from './reduce.js'
import { toLayout } from '../layout.js'

/** What all losses are told. */
export interface LossOptions {
  /** What becomes of the losses: their mean (default), their sum, or nothing. */
  reduction?: 'mean' | 'sum' | 'none'
}

/** The losses reduced as asked. @throws {RangeError} for another reduction */
export function reduce(op: string, losses: Tensor, { reduction = 'mean' }: LossOptions): Tensor {
  if (reduction === 'mean') return mean(losses)
  if (reduction === 'sum') return sum(losses)
  if (reduction === 'none') return losses
  throw new RangeError(`${op}: expected reduction 'mean', 'sum' or 'none', got ${describe(reduction)}`)
}

/** Options of {@link binaryCrossEntropy}. */
export interface BinaryLossOptions extends LossOptions {
  /** How much each loss counts; its shape broadcasts to x's. The mean is over the number of losses. */
  weight?: Tensor
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
export function binaryCrossEntropy(x: Tensor, target: Tensor, options: BinaryLossOptions = {}): Tensor {
  checkTensor('binaryCrossEntropy', 'x', x)
  if (isCast(x))
    throw new AutogradError(
      'binaryCrossEntropy: expected no autocast, under which its logarithms would be unsafe; leave the region first, ' +
        'with float32 probabilities',
    )
  const goal = sameAs('binaryCrossEntropy', x, target)
  checkConstant('binaryCrossEntropy', 'target', target)
  const losses = allocLike('binaryCrossEntropy', x)
  kernels.bce(x.size, x.handle, goal.handle, losses.handle)
  record('binaryCrossEntropy', losses, [x], [x, goal], (dlosses, _, [x, goal]) => {
    const dx = allocLike('binaryCrossEntropy', x)
    kernels.bce_backward(x.size, x.handle, goal.handle, dlosses.handle, dx.handle)
    return [dx]
  })
  return reduce('binaryCrossEntropy', weighted('binaryCrossEntropy', losses, options.weight), options)
}

/** Options of {@link binaryCrossEntropyWithLogits}. */
export interface LogitsLossOptions extends BinaryLossOptions {
  /** How much the positive part of each target counts; its shape broadcasts to x's. Default 1. */
  posWeight?: Tensor
}

/**
 * −(posWeight · target · log σ(x) + (1 − target) · log(1 − σ(x))), stable for logits of any size.
 *
 * @param x logits, any shape
 * @param target of the same shape
 * @throws {ShapeError} {@link DTypeError} {@link DeviceError} when an operand does not fit
 * @throws {AutogradError} when the target or posWeight requires a gradient
 */
export function binaryCrossEntropyWithLogits(x: Tensor, target: Tensor, options: LogitsLossOptions = {}): Tensor {
  const op = 'binaryCrossEntropyWithLogits'
  let { posWeight, weight } = options
  ;[x, target, posWeight, weight] = raised(x, target, posWeight, weight)
  const goal = sameAs(op, x, target)
  checkConstant(op, 'target', target)
  const rewarded = posWeight === undefined ? undefined : broadcast(op, 'posWeight', goal, posWeight)
  if (posWeight) checkConstant(op, 'posWeight', posWeight)
  const losses = allocLike(op, x)
  kernels.bce_logits(x.size, x.handle, goal.handle, rewarded?.handle ?? 0, losses.handle)
  record(op, losses, [x], [x, goal, rewarded], (dlosses, _, [x, goal, rewarded]) => {
    const dx = allocLike(op, x)
    kernels.bce_logits_backward(x.size, x.handle, goal.handle, rewarded?.handle ?? 0, dlosses.handle, dx.handle)
    return [dx]
  })
  return reduce(op, weighted(op, losses, weight), options)
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

/**
 * |x − target|.
 * @throws {ShapeError} {@link DTypeError} {@link DeviceError} when target does not fit
 */
export function l1Loss(x: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  ;[x, target] = raised(x, target)
  return reduce('l1Loss', abs(sub(x, sameAs('l1Loss', x, target))), options)
}

/** Options of {@link smoothL1Loss}. */
export interface SmoothL1Options extends LossOptions {
  /** Below this distance the loss is quadratic; default 1; 0 gives {@link l1Loss}. */
  beta?: number
}

/**
 * (x − target)² / (2 · beta) where |x − target| is below beta, else |x − target| − beta / 2 (Girshick: "Fast R-CNN", 2015).
 * @throws {ShapeError} {@link DTypeError} {@link DeviceError} when target does not fit
 * @throws {RangeError} when beta is negative
 */
export function smoothL1Loss(x: Tensor, target: Tensor, options: SmoothL1Options = {}): Tensor {
  const { beta = 1 } = options
  if (typeof beta !== 'number' || !(beta >= 0 && beta < Infinity))
    throw new RangeError(`smoothL1Loss: expected beta to be finite and at least 0, got ${describe(beta)}`)
  return beta === 0 ? l1Loss(x, target, options) : huber('smoothL1Loss', x, target, beta, 1 / beta, options)
}

/** Options of {@link huberLoss}. */
export interface HuberOptions extends LossOptions {
  /** Below this distance the loss is quadratic; default 1. */
  delta?: number
}

/**
 * (x − target)² / 2 where |x − target| is below delta, else delta · (|x − target| − delta / 2) (Huber, 1964).
 * @throws {ShapeError} {@link DTypeError} {@link DeviceError} when target does not fit
 * @throws {RangeError} unless delta is above 0
 */
export function huberLoss(x: Tensor, target: Tensor, options: HuberOptions = {}): Tensor {
  const { delta = 1 } = options
  if (typeof delta !== 'number' || !(delta > 0 && delta < Infinity))
    throw new RangeError(`huberLoss: expected delta to be finite and above 0, got ${describe(delta)}`)
  return huber('huberLoss', x, target, delta, 1, options)
}

function huber(op: string, x: Tensor, target: Tensor, delta: number, factor: number, options: LossOptions): Tensor {
  ;[x, target] = raised(x, target)
  const goal = sameAs(op, x, target)
  const losses = allocLike(op, x)
  kernels.huber(x.size, delta, factor, x.handle, goal.handle, losses.handle)
  record(op, losses, [x, goal], [x, goal], (dlosses, needs, [x, goal]) => {
    const dx = allocLike(op, x)
    kernels.huber_backward(x.size, delta, factor, x.handle, goal.handle, dlosses.handle, dx.handle)
    return [dx, needs[1] && scale(dx, -1)]
  })
  return reduce(op, losses, options)
}

/** Options of {@link klDiv}. */
export interface KlDivOptions {
  /** 'mean' (default), 'sum', 'none', or 'batchmean': the sum over the first dimension's size, the divergence itself. */
  reduction?: LossOptions['reduction'] | 'batchmean'
  /** Whether targets are log probabilities too; default false. */
  logTarget?: boolean
}

/**
 * target · (log target − x), Kullback and Leibler's divergence from the target; 0 where the target is.
 *
 * @param x log probabilities
 * @param target probabilities, or their logarithms, of the same shape
 * @throws {ShapeError} {@link DTypeError} {@link DeviceError} when target does not fit
 * @throws {RangeError} for another reduction
 */
export function klDiv(x: Tensor, target: Tensor, { reduction, logTarget = false }: KlDivOptions = {}): Tensor {
  ;[x, target] = raised(x, target)
  const goal = sameAs('klDiv', x, target)
  const losses = allocLike('klDiv', x)
  kernels.kl_div(x.size, Number(logTarget), x.handle, goal.handle, losses.handle)
  record('klDiv', losses, [x, goal], [x, goal], (dlosses, needs, [x, goal]) => {
    const dx = needs[0] ? allocLike('klDiv', x) : undefined
    const dtarget = needs[1] ? allocLike('klDiv', x) : undefined
    kernels.kl_div_backward(
      x.size,
      Number(logTarget),
      x.handle,
      goal.handle,
      dlosses.handle,
      dx?.handle ?? 0,
      dtarget?.handle ?? 0,
    )
    return [dx, dtarget]
  })
  if (reduction === 'batchmean') return scale(sum(losses), 1 / (x.shape[0] ?? 1))
  return reduce('klDiv', losses, { reduction })
}

function checkConstant(op: string, name: string, x: Tensor): void {
  if (x.requiresGrad && isGradEnabled())
    throw new AutogradError(`${op}: expected a ${name} that requires no gradient; detach() it`)
}

/** The losses times a weight that broadcasts to them. */
const weighted = (op: string, losses: Tensor, weight: Tensor | undefined): Tensor =>
  weight === undefined ? losses : broadcast(op, 'weight', losses, weight)

/** like · x, where x broadcasts to like's shape; as like lies. */
function broadcast(op: string, name: string, like: Tensor, x: Tensor): Tensor {
  checkFloats(op, { target: like, [name]: x })
  const extra = like.rank - x.rank
  if (extra < 0 || x.shape.some((d, i) => d !== 1 && d !== like.shape[extra + i]))
    throw new ShapeError(`${op}: expected ${name} to broadcast to ${showShape(like.shape)}, got ${showShape(x.shape)}`)
  return mul(like, x)
}

/** The target in x's layout, checked to match x: broadcasting a loss is nearly always a mistake. */
function sameAs(op: string, x: Tensor, target: Tensor): Tensor {
  checkFloats(op, { x, target })
  if (!sameShape(x.shape, target.shape))
    throw new ShapeError(`${op}: expected target of shape ${showShape(x.shape)}, got ${showShape(target.shape)}`)
  return toLayout(target, x.layout)
}
