import { allocLike } from '../alloc.js'
import { isGradEnabled, record } from '../autograd.js'
import { wide } from '../dtype.js'
import { ShapeError } from '../errors.js'
import { kernels } from '../native.js'
import { showShape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { tracer } from '../tracer.js'
import { checkFloats, checkWhole } from './check.js'
import { asBefore, asImage } from './image.js'
import { raised } from './precision.js'

/** Options of {@link localResponseNorm}. */
export interface LocalResponseNormOptions {
  /** Default 1e-4. */
  alpha?: number
  /** Default 0.75. */
  beta?: number
  /** Default 1. */
  k?: number
}

/**
 * x / (k + alpha / size · Σ x²)^beta over `size` neighbouring channels: from c − ⌊size / 2⌋ to c + ⌊(size − 1) / 2⌋, where
 * there are none zero counts (Krizhevsky, Sutskever, Hinton: "ImageNet classification", 2012, with PyTorch's scaling of
 * alpha). Under autocast in float32.
 *
 * @param x [N, C, L], [N, C, H, W] or [N, C, D, H, W]
 * @param size from 1 on
 * @throws {ShapeError} for another rank
 * @throws {RangeError} when size is no whole number from 1 on
 */
export function localResponseNorm(x: Tensor, size: number, options: LocalResponseNormOptions = {}): Tensor {
  const { alpha = 1e-4, beta = 0.75, k = 1 } = options
  ;[x] = raised(x)
  checkFloats('localResponseNorm', { x })
  checkWhole('localResponseNorm', 'size', size, 1)
  if (x.rank < 3 || x.rank > 5)
    throw new ShapeError(`localResponseNorm: expected x of shape [N, C, …] and rank 3 to 5, got ${showShape(x.shape)}`)
  const image = asImage(x)
  const channels = x.shape[1]!
  const rows = channels === 0 ? 0 : x.size / channels
  const y = allocLike('localResponseNorm', image)
  const graded = isGradEnabled() && image.requiresGrad
  const scale = graded ? allocLike('localResponseNorm', image, image.shape, { dtype: wide(x.dtype) }) : undefined
  kernels.response_norm(rows, channels, size, alpha, beta, k, image.handle, y.handle, scale?.handle ?? 0)
  record('localResponseNorm', y, [image], [image, scale], (dy, _, [x, scale]) => {
    const dx = allocLike('localResponseNorm', dy)
    kernels.response_norm_backward(rows, channels, size, alpha, beta, x.handle, scale!.handle, dy.handle, dx.handle)
    return [dx]
  })
  scale?.dispose()
  const result = asBefore(y, x)
  tracer?.op('localResponseNorm', result, [x], { size, alpha, beta, k })
  return result
}
