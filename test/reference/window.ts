export type Padding = number | readonly [number, number] | 'same' | 'valid'
export type Pair = number | readonly [number, number]

/** One side of a sliding window: the output size and what is padded before and after. */
export interface Side {
  readonly out: number
  readonly before: number
  readonly after: number
}

export const pair = (v: Pair): readonly [number, number] => (typeof v === 'number' ? [v, v] : v)

/**
 * ⌊(n + before + after − dilation (k − 1) − 1) / stride⌋ + 1, or the ceiling, which drops a last window that would
 * start in the padding after the image. 'same' gives ⌈n / stride⌉ and puts the odd cell of padding after the image.
 */
export function side(
  n: number,
  k: number,
  stride: number,
  dilation: number,
  padding: number | 'same',
  ceil = false,
): Side {
  const reach = dilation * (k - 1) + 1
  if (padding === 'same') {
    const out = Math.ceil(n / stride)
    const total = Math.max(0, (out - 1) * stride + reach - n)
    return { out, before: Math.floor(total / 2), after: total - Math.floor(total / 2) }
  }
  let out = Math[ceil ? 'ceil' : 'floor']((n + 2 * padding - reach) / stride) + 1
  if (ceil && (out - 1) * stride >= n + padding) out--
  return { out, before: padding, after: padding }
}

/** The two sides (height, width) of a 2-D window. */
export function sides(
  [h, w]: readonly [number, number],
  kernel: Pair,
  { stride = 1, dilation = 1, padding = 0, ceilMode = false }: WindowOptions,
): [Side, Side] {
  const [r, s] = pair(kernel)
  const [strideH, strideW] = pair(stride)
  const [dilationH, dilationW] = pair(dilation)
  const [padH, padW] = padding === 'same' ? (['same', 'same'] as const) : pair(padding === 'valid' ? 0 : padding)
  return [side(h, r, strideH, dilationH, padH, ceilMode), side(w, s, strideW, dilationW, padW, ceilMode)]
}

export interface WindowOptions {
  stride?: Pair
  dilation?: Pair
  padding?: Padding
  ceilMode?: boolean
}
