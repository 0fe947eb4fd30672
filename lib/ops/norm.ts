import { allocLike } from '../alloc.js'
import { record } from '../autograd.js'
import { recording } from '../capture/recording.js'
import { wide } from '../dtype.js'
import { DTypeError, ShapeError } from '../errors.js'
import { kernels } from '../native.js'
import { showShape, type Shape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { tracer } from '../tracer.js'
import { checkFloats, checkSameDevice, checkShapeIs, checkTensor } from './check.js'
import { asBefore, asImage } from './image.js'

/** Options of {@link batchNorm}. */
export interface BatchNormOptions {
  /** Normalise by the batch's own statistics and update the running ones. Default false. */
  training?: boolean
  /** Weight of the new batch in the running statistics. Default 0.1. */
  momentum?: number
  /** Added to the variance. Default 1e-5. */
  eps?: number
  /** Whether max(y, 0) follows, in the same pass over memory. Default false. */
  relu?: boolean
  /** Of x's shape: added to the result, before the ReLU, in the same pass over memory. */
  residual?: Tensor
}

/**
 * Batch normalisation over all dimensions but the second (Ioffe, Szegedy: "Batch normalization", 2015):
 * y = (x − mean) / √(variance + eps) · weight + bias + residual, or its positive part.
 *
 * In training the statistics are the batch's (biased variance), and the running ones, where given, move towards them
 * (unbiased variance) in place; otherwise the running ones are used.
 *
 * @param x [N, C], [N, C, L], [N, C, H, W] or [N, C, D, H, W]
 * @param runningMean [C]
 * @param runningVar [C]
 * @param weight [C], default 1
 * @param bias [C], default 0
 * Parameters and statistics of float16 and bfloat16 images are float32.
 *
 * ```ts
 * // The end of a residual block: relu(batchNorm(h) + x)
 * batchNorm(h, mean, variance, weight, bias, { training: true, relu: true, residual: x })
 * ```
 * @throws {ShapeError} when shapes do not fit, or training has but one value per channel
 */
export function batchNorm(
  x: Tensor,
  runningMean?: Tensor,
  runningVar?: Tensor,
  weight?: Tensor,
  bias?: Tensor,
  options: BatchNormOptions = {},
): Tensor {
  const { training = false, momentum = 0.1, eps = 1e-5, relu = false, residual } = options
  checkFloats('batchNorm', { x, residual })
  if (x.rank < 2 || x.rank > 5)
    throw new ShapeError(
      `batchNorm: expected x of shape [N, C] or [N, C, …] with one to three spatial dimensions, got ${showShape(x.shape)}`,
    )
  if (residual) checkShapeIs('batchNorm', 'residual', residual, x.shape)
  checkParameters('batchNorm', x, { runningMean, runningVar, weight, bias }, [x.shape[1]!])
  if (training && x.size > 0 && x.shape[1] === x.size)
    throw new ShapeError(`batchNorm: expected more than one value per channel in training, got ${showShape(x.shape)}`)
  const image = asImage(x)
  const after = { relu, residual: residual && asImage(residual) }
  if (training) return asBefore(byBatch(image, runningMean, runningVar, weight, bias, momentum, eps, after), x)
  if (!runningMean || !runningVar)
    throw new TypeError('batchNorm: expected runningMean and runningVar when not training')
  const y = asBefore(byRunning('batchNorm', image, runningMean, runningVar, weight, bias, eps, after), x)
  tracer?.op('batchNorm', y, [x, runningMean, runningVar, weight, bias, residual], { eps, relu })
  return y
}

/** Values per channel, and channels. */
const extents = ({ shape, size }: Tensor): [rows: number, channels: number] =>
  shape[1] === 0 ? [0, 0] : [size / shape[1]!, shape[1]!]

/** What follows the normalisation: a sum with an image, a ReLU. */
interface After {
  relu: boolean
  residual: Tensor | undefined
}

function byBatch(
  image: Tensor,
  runningMean: Tensor | undefined,
  runningVar: Tensor | undefined,
  weight: Tensor | undefined,
  bias: Tensor | undefined,
  momentum: number,
  eps: number,
  { relu, residual }: After,
): Tensor {
  const [rows, channels] = extents(image)
  const y = allocLike('batchNorm', image)
  const mean = allocLike('batchNorm', image, [channels], { dtype: wide(image.dtype) })
  const invStd = allocLike('batchNorm', mean)
  kernels.batch_norm(
    rows,
    channels,
    eps,
    momentum,
    Number(relu),
    image.handle,
    residual?.handle ?? 0,
    weight?.handle ?? 0,
    bias?.handle ?? 0,
    runningMean?.handle ?? 0,
    runningVar?.handle ?? 0,
    y.handle,
    mean.handle,
    invStd.handle,
  )
  runningMean?.markModified()
  runningVar?.markModified()
  recordNorm('batchNorm', true, { y, image, weight, bias, mean, invStd, relu, residual })
  mean.dispose()
  return y
}

/** Normalises an image by statistics that are given, as constants. */
export function byRunning(
  op: string,
  image: Tensor,
  mean: Tensor,
  variance: Tensor,
  weight: Tensor | undefined,
  bias: Tensor | undefined,
  eps: number,
  { relu, residual }: After = { relu: false, residual: undefined },
): Tensor {
  const folded = recording()?.folding?.norm(image, { mean, variance, weight, bias, eps, residual, relu })
  if (folded) return folded
  const [rows, channels] = extents(image)
  const y = allocLike(op, image)
  const invStd = allocLike(op, mean)
  kernels.batch_norm_inference(
    rows,
    channels,
    eps,
    Number(relu),
    image.handle,
    residual?.handle ?? 0,
    weight?.handle ?? 0,
    bias?.handle ?? 0,
    mean.handle,
    variance.handle,
    y.handle,
    invStd.handle,
  )
  recordNorm(op, false, { y, image, weight, bias, mean, invStd, relu, residual })
  return y
}

interface Normalised extends After {
  y: Tensor
  image: Tensor
  weight: Tensor | undefined
  bias: Tensor | undefined
  mean: Tensor
  /** Disposed of when it is on the tape. */
  invStd: Tensor
}

function recordNorm(
  op: string,
  training: boolean,
  { y, image, residual, weight, bias, mean, invStd, relu }: Normalised,
): void {
  const [rows, channels] = extents(image)
  const added = residual !== undefined
  record(
    op,
    y,
    [image, weight, bias, residual],
    // From x and the bias the CPU tells where the ReLU was open, if nothing else was added.
    [image, weight, relu && !added ? bias : undefined, mean, invStd, relu ? y : undefined],
    (dy, needs, [x, weight, bias, mean, invStd, y]) => {
      const dx = needs[0] ? allocLike(op, dy) : undefined
      const dweight = needs[1] ? allocLike(op, mean) : undefined
      const dbias = needs[2] ? allocLike(op, mean) : undefined
      const dresidual = needs[3] && relu ? allocLike(op, dy) : undefined
      kernels.batch_norm_backward(
        rows,
        channels,
        Number(training),
        Number(added),
        x.handle,
        y?.handle ?? 0,
        dy.handle,
        weight?.handle ?? 0,
        bias?.handle ?? 0,
        mean.handle,
        invStd.handle,
        dx?.handle ?? 0,
        dresidual?.handle ?? 0,
        dweight?.handle ?? 0,
        dbias?.handle ?? 0,
      )
      return [dx, dweight, dbias, needs[3] ? (dresidual ?? dy) : undefined]
    },
  )
  invStd.dispose()
}

/**
 * Parameters and statistics of a normalisation: on x's device, of one shape, and exact where x is of half precision.
 * @throws {TypeError} {@link DeviceError} {@link DTypeError} {@link ShapeError}
 */
export function checkParameters(
  op: string,
  x: Tensor,
  operands: Readonly<Record<string, Tensor | undefined>>,
  shape: Shape,
): void {
  for (const [name, each] of Object.entries(operands)) {
    if (each === undefined) continue
    checkTensor(op, name, each)
    checkSameDevice(op, 'x', x, name, each)
    if (each.dtype !== wide(x.dtype))
      throw new DTypeError(`${op}: expected ${name} of dtype ${wide(x.dtype)} for x of ${x.dtype}, got ${each.dtype}`)
    checkShapeIs(op, name, each, shape)
  }
}
