import { allocLike } from '../alloc.js'
import { record } from '../autograd.js'
import { describe, ShapeError } from '../errors.js'
import { kernels, pack } from '../native.js'
import { showShape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { tracer } from '../tracer.js'
import { checkFloats, checkSizes, type Sizes } from './check.js'
import { asVolume, fromImage, toImage } from './signal.js'

/** How values between places are found; the linear ones are of signals, images and volumes. */
export type InterpolateMode = 'nearest' | 'linear' | 'bilinear' | 'trilinear'

/** Options of {@link interpolate}. */
export interface InterpolateOptions {
  /** Output size, for all spatial dimensions or each. This or `scaleFactor` must be given. */
  size?: Sizes | undefined
  /** Output size over input size, for all spatial dimensions or each; output sizes are rounded down. */
  scaleFactor?: Sizes | undefined
  /** Default `'nearest'`; `'linear'` is for [N, C, L], `'bilinear'` for [N, C, H, W], `'trilinear'` for [N, C, D, H, W]. */
  mode?: InterpolateMode
  /** Of the linear modes: keep the centres of corner cells in place, rather than the edges of the image. Default false. */
  alignCorners?: boolean | undefined
}

const RANKS: Readonly<Record<InterpolateMode, readonly number[]>> = {
  nearest: [3, 4, 5],
  linear: [3],
  bilinear: [4],
  trilinear: [5],
}

interface Resizing {
  readonly output: number
  /** Input cells per output cell. */
  readonly scale: number
}

function checkFactors(factor: Sizes, rank: number): number[] {
  const each = Array.isArray(factor) ? (factor as number[]) : new Array<number>(rank).fill(factor as number)
  if (each.length !== rank || !each.every((f) => Number.isFinite(f) && f > 0))
    throw new RangeError(
      `interpolate: expected scaleFactor to be one positive number or ${rank}, got ${describe(factor)}`,
    )
  return each
}

function resize(input: number, output: number, factor: number | undefined, align: boolean, nearest: boolean): Resizing {
  if (align) return { output, scale: output > 1 ? (input - 1) / (output - 1) : 0 }
  // PyTorch passes over the factor where it is 1, or 2 for 'nearest', but for rounding.
  const exact = factor === undefined || output === input || (nearest && output === 2 * input)
  return { output, scale: exact ? input / output : 1 / factor }
}

function resizing(x: Tensor, options: InterpolateOptions): Resizing[] {
  const { size, scaleFactor, mode = 'nearest', alignCorners } = options
  const sizes = x.shape.slice(2)
  if ((size == null) === (scaleFactor == null))
    throw new RangeError(
      `interpolate: expected either size or scaleFactor, got ${describe(size)} and ${describe(scaleFactor)}`,
    )
  const factors = scaleFactor == null ? undefined : checkFactors(scaleFactor, sizes.length)
  const outputs = factors
    ? sizes.map((each, i) => Math.floor(each * factors[i]!))
    : checkSizes('interpolate', 'size', size!, sizes.length, 1)
  if ([...sizes, ...outputs].includes(0))
    throw new ShapeError(
      `interpolate: expected input and output sizes of at least 1, got ${showShape(sizes)} and ${showShape(outputs)}`,
    )
  return sizes.map((each, i) => resize(each, outputs[i]!, factors?.[i], alignCorners === true, mode === 'nearest'))
}

/**
 * Images brought to another size, with PyTorch's coordinates.
 *
 * @param x [N, C, L], [N, C, H, W] or [N, C, D, H, W]
 * @returns the same with spatial dimensions of the size asked for
 * @throws {RangeError} for options that do not fit; {@link ShapeError} for another rank or without a cell
 */
export function interpolate(x: Tensor, options: InterpolateOptions): Tensor {
  checkFloats('interpolate', { x })
  const { mode = 'nearest', alignCorners } = options
  if (!Object.hasOwn(RANKS, mode))
    throw new RangeError(
      `interpolate: expected mode to be one of ${Object.keys(RANKS).join(', ')}, got ${describe(mode)}`,
    )
  if (!RANKS[mode].includes(x.rank))
    throw new ShapeError(
      `interpolate: expected x of rank ${RANKS[mode].join(', ')} for mode '${mode}', got ${showShape(x.shape)}`,
    )
  if (mode === 'nearest' && alignCorners)
    throw new RangeError("interpolate: expected alignCorners with a linear mode only, got mode 'nearest'")
  const sides = resizing(x, options)
  const image = toImage(x)
  const [n, c] = x.shape as [number, number]
  const inputs = asVolume(x.shape.slice(2), 1)
  const volume = asVolume<Resizing>(sides, { output: 1, scale: 1 })
  const kind = mode === 'nearest' ? 0 : alignCorners ? 2 : 1
  const words = [n, c, ...volume.flatMap(({ output }, i) => [inputs[i]!, output]), kind]
  const [d, h, w] = volume.map(({ scale }) => scale) as [number, number, number]
  const y = allocLike('interpolate', image, [n, c, ...volume.slice(5 - image.rank).map(({ output }) => output)])
  kernels.interpolate(pack(words), d, h, w, image.handle, y.handle)
  const { shape } = image
  record('interpolate', y, [image], [], (dy) => {
    const dx = allocLike('interpolate', dy, shape)
    kernels.interpolate_backward(pack(words), d, h, w, dy.handle, dx.handle)
    return [dx]
  })
  const result = fromImage(y, sides.length)
  tracer?.op('interpolate', result, [x], { mode, alignCorners: alignCorners === true, sides })
  return result
}
