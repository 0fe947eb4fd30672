import { allocLike } from '../alloc.js'
import { record } from '../autograd.js'
import { wide } from '../dtype.js'
import { DTypeError, ShapeError } from '../errors.js'
import { toLayout } from '../layout.js'
import { kernels } from '../native.js'
import { showShape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { checkFloats, checkSameDevice, checkShapeIs, checkTensor } from './check.js'

export interface BatchNormOptions {
  /** Normalise by the batch's own statistics and update the running ones. Default false. */
  training?: boolean
  /** Weight of the new batch in the running statistics. Default 0.1. */
  momentum?: number
  /** Added to the variance. Default 1e-5. */
  eps?: number
  /** Whether max(y, 0) follows, in the same pass over memory. Default false. */
  relu?: boolean
}

/**
 * Batch normalisation over all dimensions but the second (Ioffe, Szegedy: "Batch normalization", 2015):
 * y = (x − mean) / √(variance + eps) · weight + bias, or its positive part.
 *
 * In training the statistics are the batch's (biased variance), and the running ones, where given, move towards them
 * (unbiased variance) in place; otherwise the running ones are used.
 *
 * @param x [N, C] or [N, C, H, W]
 * @param runningMean [C]
 * @param runningVar [C]
 * @param weight [C], default 1
 * @param bias [C], default 0
 * Parameters and statistics of float16 and bfloat16 images are float32.
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
  const { training = false, momentum = 0.1, eps = 1e-5, relu = false } = options
  checkFloats('batchNorm', { x })
  if (x.rank !== 2 && x.rank !== 4)
    throw new ShapeError(`batchNorm: expected x of shape [N, C] or [N, C, H, W], got ${showShape(x.shape)}`)
  checkStatistics(x, { runningMean, runningVar, weight, bias })
  const channels = x.shape[1]!
  const rows = channels === 0 ? 0 : x.size / channels
  if (training && rows === 1)
    throw new ShapeError(`batchNorm: expected more than one value per channel in training, got ${showShape(x.shape)}`)

  const image = toLayout(x, x.rank === 4 ? 'channelsLast' : 'rowMajor')
  const y = allocLike('batchNorm', image)
  const exact = { dtype: wide(x.dtype) }
  const invStd = allocLike('batchNorm', image, [channels], exact)
  const scale = weight ? weight.handle : 0
  const shift = bias ? bias.handle : 0
  let mean: Tensor
  if (training) {
    mean = allocLike('batchNorm', image, [channels], exact)
    kernels.batch_norm(
      rows,
      channels,
      eps,
      momentum,
      Number(relu),
      image.handle,
      scale,
      shift,
      runningMean?.handle ?? 0,
      runningVar?.handle ?? 0,
      y.handle,
      mean.handle,
      invStd.handle,
    )
    runningMean?.markModified()
    runningVar?.markModified()
  } else {
    if (!runningMean || !runningVar)
      throw new TypeError('batchNorm: expected runningMean and runningVar when not training')
    mean = runningMean
    kernels.batch_norm_inference(
      rows,
      channels,
      eps,
      Number(relu),
      image.handle,
      scale,
      shift,
      mean.handle,
      runningVar.handle,
      y.handle,
      invStd.handle,
    )
  }
  record(
    'batchNorm',
    y,
    [image, weight, bias],
    [image, weight, mean, invStd, relu ? y : undefined],
    (dy, needs, [x, weight, mean, invStd, y]) => {
      const dx = needs[0] ? allocLike('batchNorm', dy) : undefined
      const dweight = needs[1] ? allocLike('batchNorm', dy, [channels], exact) : undefined
      const dbias = needs[2] ? allocLike('batchNorm', dy, [channels], exact) : undefined
      kernels.batch_norm_backward(
        rows,
        channels,
        training ? 1 : 0,
        x.handle,
        y?.handle ?? 0,
        dy.handle,
        weight?.handle ?? 0,
        mean.handle,
        invStd.handle,
        dx?.handle ?? 0,
        dweight?.handle ?? 0,
        dbias?.handle ?? 0,
      )
      return [dx, dweight, dbias]
    },
  )
  if (training) mean.dispose()
  invStd.dispose()
  return y
}

function checkStatistics(x: Tensor, operands: Readonly<Record<string, Tensor | undefined>>): void {
  for (const [name, each] of Object.entries(operands)) {
    if (each === undefined) continue
    checkTensor('batchNorm', name, each)
    checkSameDevice('batchNorm', 'x', x, name, each)
    if (each.dtype !== wide(x.dtype))
      throw new DTypeError(
        `batchNorm: expected ${name} of dtype ${wide(x.dtype)} for x of ${x.dtype}, got ${each.dtype}`,
      )
    checkShapeIs('batchNorm', name, each, [x.shape[1] ?? 0])
  }
}
