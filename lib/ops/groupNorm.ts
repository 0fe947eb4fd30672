import { allocLike } from '../alloc.js'
import { record } from '../autograd.js'
import { wide } from '../dtype.js'
import { describe, ShapeError } from '../errors.js'
import { toLayout } from '../layout.js'
import { kernels, pack } from '../native.js'
import { showShape, sizeOf } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { tracer } from '../tracer.js'
import { checkFloats, checkWhole } from './check.js'
import { asBefore, asImage } from './image.js'
import { byRunning, checkParameters } from './norm.js'
import { raised } from './precision.js'

/** Options of {@link layerNorm} and {@link groupNorm}. */
export interface NormOptions {
  /** Added to the variance. Default 1e-5. */
  eps?: number
}

/**
 * (x − mean) / √(variance + eps) · weight + bias over the last dimensions (Ba, Kiros, Hinton: "Layer normalization",
 * 2016). Under autocast in float32.
 *
 * @param x [..., ...normalizedShape]
 * @param normalizedShape the last dimensions of x, at least one
 * @param weight of normalizedShape, default 1; float32 for x of half precision, as bias
 * @param bias of normalizedShape, default 0
 * @throws {ShapeError} when x does not end so, or a parameter does not fit
 */
export function layerNorm(
  x: Tensor,
  normalizedShape: number | readonly number[],
  weight?: Tensor,
  bias?: Tensor,
  { eps = 1e-5 }: NormOptions = {},
): Tensor {
  ;[x, weight, bias] = raised(x, weight, bias)
  checkFloats('layerNorm', { x })
  const shape = typeof normalizedShape === 'number' ? [normalizedShape] : normalizedShape
  if (!Array.isArray(shape) || !shape.length)
    throw new TypeError(`layerNorm: expected normalizedShape to be a size or sizes, got ${describe(normalizedShape)}`)
  if (x.rank < shape.length || shape.some((d, i) => d !== x.shape[x.rank - shape.length + i]))
    throw new ShapeError(`layerNorm: expected x of shape [..., ${shape.join(', ')}], got ${showShape(x.shape)}`)
  checkParameters('layerNorm', x, { weight, bias }, shape)
  const geometry = [sizeOf(x.shape.slice(0, -shape.length)), 1, sizeOf(shape), 1]
  const rows = [x, weight, bias].map((each) => each && toLayout(each, 'rowMajor'))
  const y = normalise('layerNorm', geometry, rows[0]!, rows[1], rows[2], eps)
  tracer?.op('layerNorm', y, [x, weight, bias], { dims: shape.length, eps })
  return y
}

/**
 * (x − mean) / √(variance + eps) · weight + bias, with the statistics of each sample and group of neighbouring channels
 * (Wu, He: "Group normalization", ECCV 2018). Under autocast in float32.
 *
 * @param x [N, C], [N, C, L], [N, C, H, W] or [N, C, D, H, W]
 * @param groups a divisor of C
 * @param weight [C], default 1; float32 for x of half precision, as bias
 * @param bias [C], default 0
 * @throws {ShapeError} when groups does not divide C, or a parameter does not fit
 */
export function groupNorm(
  x: Tensor,
  groups: number,
  weight?: Tensor,
  bias?: Tensor,
  { eps = 1e-5 }: NormOptions = {},
): Tensor {
  ;[x, weight, bias] = raised(x, weight, bias)
  checkFloats('groupNorm', { x })
  checkWhole('groupNorm', 'groups', groups, 1)
  if (x.rank < 2 || x.rank > 5 || x.shape[1]! % groups !== 0)
    throw new ShapeError(
      `groupNorm: expected x of rank 2 to 5 with channels in ${groups} equal groups, got ${showShape(x.shape)}`,
    )
  checkParameters('groupNorm', x, { weight, bias }, [x.shape[1]!])
  const image = asImage(x)
  const y = asBefore(normalise('groupNorm', geometryOf(image, groups), image, weight, bias, eps), x)
  tracer?.op('groupNorm', y, [x, weight, bias], { groups, eps })
  return y
}

/** Options of {@link instanceNorm}. */
export interface InstanceNormOptions extends NormOptions {
  /** Normalise by the instance's own statistics, and move the running ones where given. Default true. */
  useInputStats?: boolean
  /** Weight of the new statistics in the running ones. Default 0.1. */
  momentum?: number
}

/**
 * (x − mean) / √(variance + eps) · weight + bias, with the statistics of each sample and channel (Ulyanov, Vedaldi,
 * Lempitsky: "Instance normalization", 2016), or with the running ones when `useInputStats` is off.
 *
 * @param x [N, C, L], [N, C, H, W] or [N, C, D, H, W]
 * @param runningMean [C], moved in place towards the mean of the samples' means
 * @param runningVar [C], moved in place towards the mean of their unbiased variances
 * @param weight [C], default 1
 * @param bias [C], default 0
 * Parameters and statistics of float16 and bfloat16 images are float32.
 * @throws {ShapeError} when shapes do not fit, or there is but one value per sample and channel
 */
export function instanceNorm(
  x: Tensor,
  runningMean?: Tensor,
  runningVar?: Tensor,
  weight?: Tensor,
  bias?: Tensor,
  options: InstanceNormOptions = {},
): Tensor {
  const { useInputStats = true, momentum = 0.1, eps = 1e-5 } = options
  checkFloats('instanceNorm', { x })
  if (x.rank < 3 || x.rank > 5)
    throw new ShapeError(`instanceNorm: expected x of shape [N, C, …] and rank 3 to 5, got ${showShape(x.shape)}`)
  checkParameters('instanceNorm', x, { runningMean, runningVar, weight, bias }, [x.shape[1]!])
  if (useInputStats && x.size > 0 && x.size === x.shape[0]! * x.shape[1]!)
    throw new ShapeError(`instanceNorm: expected more than one value per channel, got ${showShape(x.shape)}`)
  const image = asImage(x)
  if (!useInputStats) {
    if (!runningMean || !runningVar)
      throw new TypeError('instanceNorm: expected runningMean and runningVar without useInputStats')
    const y = asBefore(byRunning('instanceNorm', image, runningMean, runningVar, weight, bias, eps), x)
    tracer?.op('batchNorm', y, [x, runningMean, runningVar, weight, bias], { eps })
    return y
  }
  const geometry = geometryOf(image, Math.max(x.shape[1]!, 1))
  const running = x.size > 0 ? { mean: runningMean, variance: runningVar, momentum } : undefined
  const y = asBefore(normalise('instanceNorm', geometry, image, weight, bias, eps, running), x)
  tracer?.op('instanceNorm', y, [x, weight, bias], { eps })
  return y
}

interface Running {
  mean: Tensor | undefined
  variance: Tensor | undefined
  momentum: number
}

/** native/geometry.h's Groups of an image. */
function geometryOf({ shape }: Tensor, groups: number): number[] {
  const [n, channels, ...positions] = shape as [number, number, ...number[]]
  return [n, sizeOf(positions), channels, groups]
}

function normalise(
  op: string,
  geometry: number[],
  x: Tensor,
  weight: Tensor | undefined,
  bias: Tensor | undefined,
  eps: number,
  running?: Running,
): Tensor {
  const [n, , , groups] = geometry as [number, number, number, number]
  const y = allocLike(op, x)
  const mean = allocLike(op, x, [n, groups], { dtype: wide(x.dtype) })
  const invStd = allocLike(op, mean)
  kernels.group_norm(
    pack(geometry),
    eps,
    running?.momentum ?? 0,
    x.handle,
    weight?.handle ?? 0,
    bias?.handle ?? 0,
    running?.mean?.handle ?? 0,
    running?.variance?.handle ?? 0,
    y.handle,
    mean.handle,
    invStd.handle,
  )
  running?.mean?.markModified()
  running?.variance?.markModified()
  const shape = (weight ?? bias)?.shape
  record(op, y, [x, weight, bias], [x, weight, mean, invStd], (dy, needs, [x, weight, mean, invStd]) => {
    const dx = needs[0] ? allocLike(op, dy) : undefined
    const dweight = needs[1] ? allocLike(op, mean, shape, { layout: 'rowMajor' }) : undefined
    const dbias = needs[2] ? allocLike(op, mean, shape, { layout: 'rowMajor' }) : undefined
    kernels.group_norm_backward(
      pack(geometry),
      x.handle,
      dy.handle,
      weight?.handle ?? 0,
      mean.handle,
      invStd.handle,
      dx?.handle ?? 0,
      dweight?.handle ?? 0,
      dbias?.handle ?? 0,
    )
    return [dx, dweight, dbias]
  })
  mean.dispose()
  invStd.dispose()
  return y
}
