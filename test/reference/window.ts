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

/** The sides of a window over any number of spatial dimensions. */
export function eachSide(
  sizes: readonly number[],
  kernel: Spread,
  { stride = 1, dilation = 1, padding = 0, ceilMode = false }: SpreadOptions,
): Side[] {
  const rank = sizes.length
  const pads = padding === 'same' ? sizes.map(() => 'same' as const) : spread(padding === 'valid' ? 0 : padding, rank)
  return sizes.map((n, i) =>
    side(n, spread(kernel, rank)[i]!, spread(stride, rank)[i]!, spread(dilation, rank)[i]!, pads[i]!, ceilMode),
  )
}

/** One number for all dimensions, or one for each. */
export type Spread = number | readonly number[]

export const spread = (v: Spread, rank: number): readonly number[] => (typeof v === 'number' ? Array(rank).fill(v) : v)

export interface SpreadOptions {
  stride?: Spread
  dilation?: Spread
  padding?: Spread | 'same' | 'valid'
  ceilMode?: boolean
}

export interface WindowOptions {
  stride?: Pair
  dilation?: Pair
  padding?: Padding
  ceilMode?: boolean
}
