import { type Dense, indices, make, position, volume } from './array.js'
import { eachSide, type Side, type Spread, spread, type SpreadOptions } from './window.js'

export interface ConvOptions extends SpreadOptions {
  groups?: number
}

export interface ConvTransposeOptions {
  stride?: Spread
  padding?: Spread
  outputPadding?: Spread
  groups?: number
  dilation?: Spread
}

/** x [N, C, …sides], weight [K, C/groups, …window], bias [K] → [N, K, …positions], by definition. */
export function conv(x: Dense, weight: Dense, bias: Dense | undefined, options: ConvOptions = {}): Dense {
  const [n, c, ...size] = x.shape as [number, number, ...number[]]
  const [k, depth, ...window] = weight.shape as [number, number, ...number[]]
  const { groups = 1 } = options
  const sliding = eachSide(size, window, options)
  const positions = sliding.map(({ out }) => out)
  const y = make([n, k, ...positions], ([, filter]) => (bias ? bias.data[filter!]! : 0))
  const [cells, places, taps] = [volume(size), volume(positions), volume(window)]
  meet(size, positions, window, sliding, options, (cell, place, tap) => {
    for (let image = 0; image < n; image++)
      for (let filter = 0; filter < k; filter++)
        for (let i = 0; i < depth; i++) {
          const channel = Math.floor(filter / (k / groups)) * depth + i
          y.data[(image * k + filter) * places + place]! +=
            x.data[(image * c + channel) * cells + cell]! * weight.data[(filter * depth + i) * taps + tap]!
        }
  })
  return y
}

/** x [N, C, …sides], weight [C, K/groups, …window], bias [K] → [N, K, …]: each cell of x is spread over the window. */
export function convTranspose(
  x: Dense,
  weight: Dense,
  bias: Dense | undefined,
  options: ConvTransposeOptions = {},
): Dense {
  const [n, c, ...positions] = x.shape as [number, number, ...number[]]
  const [, filters, ...window] = weight.shape as [number, number, ...number[]]
  const { stride = 1, padding = 0, outputPadding = 0, dilation = 1, groups = 1 } = options
  const rank = window.length
  const [steps, cut, more, gaps] = [stride, padding, outputPadding, dilation].map((each) => spread(each, rank)) as [
    readonly number[],
    readonly number[],
    readonly number[],
    readonly number[],
  ]
  const size = positions.map(
    (cells, d) => (cells - 1) * steps[d]! - 2 * cut[d]! + gaps[d]! * (window[d]! - 1) + more[d]! + 1,
  )
  const y = make([n, filters * groups, ...size], ([, k]) => (bias ? bias.data[k!]! : 0))
  const before = cut.map((each) => ({ before: each }))
  const [cells, places, taps] = [volume(size), volume(positions), volume(window)]
  meet(size, positions, window, before, options, (cell, place, tap) => {
    for (let image = 0; image < n; image++)
      for (let channel = 0; channel < c; channel++)
        for (let i = 0; i < filters; i++) {
          const filter = Math.floor(channel / (c / groups)) * filters + i
          y.data[(image * filters * groups + filter) * cells + cell]! +=
            x.data[(image * c + channel) * places + place]! * weight.data[(channel * filters + i) * taps + tap]!
        }
  })
  return y
}

/** Calls visit for every window position and tap that lies on a cell of the image, all counted in row-major order. */
function meet(
  size: readonly number[],
  positions: readonly number[],
  window: readonly number[],
  sliding: readonly Pick<Side, 'before'>[],
  { stride = 1, dilation = 1 }: Pick<SpreadOptions, 'stride' | 'dilation'>,
  visit: (cell: number, place: number, tap: number) => void,
): void {
  const [steps, gaps] = [spread(stride, size.length), spread(dilation, size.length)]
  const taps = [...indices(window)]
  for (const place of indices(positions))
    for (const tap of taps) {
      const cell = size.map((_, d) => place[d]! * steps[d]! - sliding[d]!.before + tap[d]! * gaps[d]!)
      if (cell.every((at, d) => at >= 0 && at < size[d]!))
        visit(position(size, cell), position(positions, place), position(window, tap))
    }
}
