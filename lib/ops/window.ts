import { describe, ShapeError } from '../errors.js'
import { checkPair, type Pair } from './check.js'

/** `'same'`: ⌈size / stride⌉ outputs, the odd cell of padding at the bottom and right; `'valid'`: none. */
export type Padding = Pair | 'same' | 'valid'

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
  stride: Pair
  padding: Padding
  dilation: Pair
  ceilMode?: boolean
}

/**
 * Output sizes ⌊(N + 2p − F) / s⌋ + 1, with F = dilation·(kernel − 1) + 1, for both spatial dimensions.
 * @throws {ShapeError} when the window does not fit, showing the formula with the numbers in it
 */
export function slide(op: string, size: Pair, kernel: Pair, options: WindowOptions): [Sliding, Sliding] {
  const sizes = checkPair(op, 'size', size, 0)
  const kernels = checkPair(op, 'kernel size', kernel, 1)
  const strides = checkPair(op, 'stride', options.stride, 1)
  const dilations = checkPair(op, 'dilation', options.dilation, 1)
  const paddings = paddingPair(op, options.padding)
  const along = (i: 0 | 1) =>
    slideAlong(
      op,
      i,
      sizes[i],
      kernels[i],
      strides[i],
      dilations[i],
      paddings && paddings[i],
      options.ceilMode === true,
    )
  return [along(0), along(1)]
}

/** Undefined for `'same'`. */
function paddingPair(op: string, padding: Padding): [number, number] | undefined {
  if (padding === 'same') return undefined
  if (padding === 'valid') return [0, 0]
  if (typeof padding === 'string')
    throw new RangeError(`${op}: expected padding 'same', 'valid', a whole number or two, got ${describe(padding)}`)
  return checkPair(op, 'padding', padding, 0)
}

function slideAlong(
  op: string,
  axis: 0 | 1,
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
      `${op}: expected an output ${axis === 0 ? 'height' : 'width'} of at least 1, got ` +
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
