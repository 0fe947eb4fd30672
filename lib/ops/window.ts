import { describe, ShapeError } from '../errors.js'
import { checkSizes, type Sizes } from './check.js'

/** `'same'`: ⌈size / stride⌉ outputs, the odd cell of padding at the far end; `'valid'`: none. */
export type Padding<S extends Sizes> = S | 'same' | 'valid'

/** How a window slides along one spatial dimension. */
export interface Sliding {
  /** Input size. */
  readonly size: number
  readonly kernel: number
  readonly stride: number
  readonly dilation: number
  /** Padding before the first and after the last cell. */
  readonly before: number
  readonly after: number
  /** Output size. */
  readonly output: number
}

export interface WindowOptions {
  stride: Sizes
  padding: Padding<Sizes>
  dilation: Sizes
  ceilMode?: boolean
}

// By the number of spatial dimensions, less one: how their sides are called, and how in the shape of a window.
export const SIDES = [['length'], ['height', 'width'], ['depth', 'height', 'width']]
export const WINDOW = [['S'], ['R', 'S'], ['T', 'R', 'S']]

/**
 * Output sizes ⌊(N + 2p − F) / s⌋ + 1, with F = dilation·(kernel − 1) + 1, for each of one to three spatial dimensions.
 * @throws {ShapeError} when the window does not fit, showing the formula with the numbers in it
 */
export function slide<const S extends readonly number[]>(
  op: string,
  size: S,
  kernel: Sizes,
  options: WindowOptions,
): { [i in keyof S]: Sliding } {
  const rank = size.length
  const kernels = checkSizes(op, 'kernel size', kernel, rank, 1)
  const strides = checkSizes(op, 'stride', options.stride, rank, 1)
  const dilations = checkSizes(op, 'dilation', options.dilation, rank, 1)
  const paddings = checkPaddings(op, options.padding, rank)
  const along = (each: number, i: number) =>
    slideAlong(
      op,
      SIDES[rank - 1]![i]!,
      each,
      kernels[i]!,
      strides[i]!,
      dilations[i]!,
      paddings?.[i],
      options.ceilMode === true,
    )
  return size.map(along) as { [i in keyof S]: Sliding }
}

/**
 * The padding of each of `rank` spatial dimensions; undefined for `'same'`.
 * @throws {RangeError} for another word, or sizes that are none
 */
export function checkPaddings(op: string, padding: Padding<Sizes>, rank: number): number[] | undefined {
  if (padding === 'same') return undefined
  if (typeof padding === 'string' && padding !== 'valid')
    throw new RangeError(
      `${op}: expected padding to be an integer,${['', ' a pair,', ' three,'][rank - 1]!} 'same' or 'valid', ` +
        `got ${describe(padding)}`,
    )
  return checkSizes(op, 'padding', padding === 'valid' ? 0 : padding, rank, 0)
}

function slideAlong(
  op: string,
  side: string,
  size: number,
  kernel: number,
  stride: number,
  dilation: number,
  padding: number | undefined,
  ceilMode: boolean,
): Sliding {
  const reach = dilation * (kernel - 1) + 1
  if (padding === undefined) {
    const output = Math.ceil(size / stride)
    const total = Math.max(0, (output - 1) * stride + reach - size)
    const before = Math.floor(total / 2)
    return { size, kernel, stride, dilation, before, after: total - before, output }
  }
  const steps = (size + 2 * padding - reach) / stride
  let output = (ceilMode ? Math.ceil(steps) : Math.floor(steps)) + 1
  // PyTorch: the last window must start inside the image or the padding before it.
  if (ceilMode && (output - 1) * stride >= size + padding) output--
  if (output < 1) {
    const [open, close] = ceilMode ? '⌈⌉' : '⌊⌋'
    throw new ShapeError(
      `${op}: expected an output ${side} of at least 1, got ` +
        `${open}(${size} + 2·${padding} − ${reach}) / ${stride}${close} + 1 = ${output}`,
    )
  }
  return { size, kernel, stride, dilation, before: padding, after: padding, output }
}

/** native/geometry.h's Window2d. */
export const windowWords = (n: number, c: number, [h, w]: readonly [Sliding, Sliding]): number[] => [
  n,
  c,
  h.size,
  w.size,
  h.kernel,
  w.kernel,
  h.output,
  w.output,
  h.stride,
  w.stride,
  h.before,
  w.before,
  h.dilation,
  w.dilation,
]
