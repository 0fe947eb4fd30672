import { alloc } from '../alloc.js'
import { isGradEnabled } from '../autograd.js'
import { AutogradError, describe, ShapeError } from '../errors.js'
import { toRowMajor } from '../layout.js'
import { kernels, pack } from '../native.js'
import { scope } from '../scope.js'
import { showShape } from '../shape.js'
import { Tensor } from '../tensor.js'
import { checkFloats, checkSameDevice, checkShapeIs, checkSizes, type Pair } from './check.js'
import { cast } from './convert.js'
import { checkPixels, computedIn } from './resample.js'

/** Options of {@link warpAffine}. */
export interface WarpOptions {
  /** Height and width of the result. Default: x's. */
  size?: Pair
  /** Default `'nearest'`. */
  mode?: 'nearest' | 'bilinear'
  /** What lies outside of x: one number, one per channel, or a tensor [N, C] of one per image and channel. Default: zeros. */
  fill?: number | readonly number[] | Tensor
}

/**
 * Images seen through an affine map each, in one pass: crops, flips, shifts and turns of a whole batch.
 *
 * A place in y leads to the place `matrix · [column, row, 1]` in x, both counted in cells from the centre of the first. With
 * a fill, mode `'bilinear'` mixes at the borders as torchvision does: what lies outside counts as 0 in the sum, and the sum
 * by the share of it that lay inside. Without one it counts as 0. No gradient is computed.
 *
 * @param x [N, C, H, W] of a float dtype or uint8, which is rounded
 * @param matrices [N, 2, 3], row by row, as numbers or as a tensor of a float dtype
 * @throws {ShapeError} {@link DTypeError} {@link DeviceError} for operands that do not fit
 * @throws {AutogradError} when x needs a gradient
 */
export function warpAffine(x: Tensor, matrices: Tensor | readonly number[], options: WarpOptions = {}): Tensor {
  checkPixels('warpAffine', x)
  const { mode = 'nearest', size, fill } = options
  if (x.rank !== 4 || x.shape[2] === 0 || x.shape[3] === 0)
    throw new ShapeError(`warpAffine: expected x of shape [N, C, H, W], got ${showShape(x.shape)}`)
  if (mode !== 'nearest' && mode !== 'bilinear')
    throw new RangeError(`warpAffine: expected mode to be one of nearest, bilinear, got ${describe(mode)}`)
  if (x.requiresGrad && isGradEnabled())
    throw new AutogradError('warpAffine: expected x off the tape, since no gradient is computed; detach() it')
  const [n, c, h, w] = x.shape as [number, number, number, number]
  const [p, q] = checkSizes('warpAffine', 'size', size ?? [h, w], 2, 1) as [number, number]
  return scope(() => {
    const image = toRowMajor(x)
    const maps = operand('matrices', matrices, x, [n, 2, 3])
    const fills = fill === undefined ? undefined : operand('fill', spread(fill, n, c), x, [n, c])
    const y = alloc('warpAffine', [n, c, p, q], x.dtype, x.device)
    const geometry = pack([n, c, h, w, p, q, Number(mode === 'bilinear')])
    kernels.warp(geometry, image.handle, maps.handle, fills?.handle ?? 0, y.handle)
    return y
  })
}

function spread(fill: number | readonly number[] | Tensor, n: number, c: number): readonly number[] | Tensor {
  if (fill instanceof Tensor) return fill
  const each = typeof fill === 'number' ? new Array<number>(c).fill(fill) : fill
  if (!Array.isArray(each) || each.length !== c || !each.every((v) => Number.isFinite(v)))
    throw new RangeError(
      `warpAffine: expected fill to be a finite number, one for each of ${c} channels, or a tensor, got ${describe(fill)}`,
    )
  return Array.from({ length: n }, () => each as number[]).flat()
}

/** A tensor of what x is computed in. */
function operand(name: string, values: readonly number[] | Tensor, x: Tensor, shape: readonly number[]): Tensor {
  const dtype = computedIn(x.dtype)
  if (values instanceof Tensor) {
    checkFloats('warpAffine', { [name]: values })
    checkSameDevice('warpAffine', 'x', x, name, values)
    checkShapeIs('warpAffine', name, values, shape)
    return toRowMajor(cast(values.detach(), dtype))
  }
  const size = shape.reduce((product, d) => product * d, 1)
  if (!Array.isArray(values) || values.length !== size || !values.every((v) => Number.isFinite(v)))
    throw new ShapeError(
      `warpAffine: expected ${name} of ${size} finite numbers for ${showShape(shape)}, got ${describe(values)}`,
    )
  return alloc('warpAffine', shape, dtype, x.device).copy_(values)
}
