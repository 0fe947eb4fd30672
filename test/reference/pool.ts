import { at, type Dense, indices as indicesOf, make, position } from './array.js'
import { eachSide, type Spread, spread, type SpreadOptions } from './window.js'

export interface AvgPoolOptions extends SpreadOptions {
  countIncludePad?: boolean
  divisorOverride?: number
}

/** The cells along one dimension that a window covers, in or outside the image. */
type Along = readonly number[]

/** For each dimension and each output position along it, the cells that the window covers. */
type Windows = readonly (readonly Along[])[]

const range = (length: number): number[] => Array.from({ length }, (_, i) => i)

function sliding(x: Dense, kernel: Spread, options: SpreadOptions): Windows {
  const sizes = x.shape.slice(2)
  const rank = sizes.length
  const stride = spread(options.stride ?? kernel, rank)
  return eachSide(sizes, kernel, { ...options, stride }).map(({ out, before }, d) =>
    range(out).map((i) =>
      range(spread(kernel, rank)[d]!).map((k) => i * stride[d]! - before + k * spread(options.dilation ?? 1, rank)[d]!),
    ),
  )
}

const adaptive = (x: Dense, outputs: readonly (number | null)[]): Windows =>
  x.shape.slice(2).map((size, d) => {
    const out = outputs[d] ?? size
    return range(out).map((i) => {
      const [start, end] = [Math.floor((i * size) / out), Math.ceil(((i + 1) * size) / out)]
      return range(end - start).map((k) => start + k)
    })
  })

/** The cells of the image, as spatial indices, that the window at an output position covers; in row-major order. */
function* cover(x: Dense, windows: Windows, output: readonly number[]): Generator<number[]> {
  const along = windows.map((positions, d) => positions[output[d]!]!)
  for (const choice of indicesOf(along.map(({ length }) => length))) {
    const cell = choice.map((k, d) => along[d]![k]!)
    if (cell.every((c, d) => c >= 0 && c < x.shape[d + 2]!)) yield cell
  }
}

/** The first largest element of each window; NaN is larger than anything. */
function largest(x: Dense, windows: Windows): { values: Dense; indices: Dense } {
  const [n, c, ...sizes] = x.shape as [number, number, ...number[]]
  const shape = [n, c, ...windows.map(({ length }) => length)]
  const values: number[] = []
  const indices = make(shape, ([image, channel, ...output]) => {
    let [best, where] = [-Infinity, -1]
    for (const cell of cover(x, windows, output)) {
      const value = at(x, [image!, channel!, ...cell])
      if (where >= 0 && !(value > best) && !(Number.isNaN(value) && !Number.isNaN(best))) continue
      best = value
      where = position(sizes, cell)
    }
    values.push(best)
    return where
  })
  return { values: { shape, data: Float64Array.from(values) }, indices }
}

export const maxPool = (x: Dense, kernel: Spread, options: SpreadOptions = {}) =>
  largest(x, sliding(x, kernel, options))

export const adaptiveMaxPool = (x: Dense, outputs: readonly (number | null)[]) => largest(x, adaptive(x, outputs))

function average(x: Dense, windows: Windows, divisor: (output: number[]) => number | undefined): Dense {
  const shape = [...x.shape.slice(0, 2), ...windows.map(({ length }) => length)]
  return make(shape, ([image, channel, ...output]) => {
    const cells = [...cover(x, windows, output)]
    const sum = cells.reduce((total, cell) => total + at(x, [image!, channel!, ...cell]), 0)
    return sum / (divisor(output) ?? cells.length)
  })
}

/** The mean of each window, over its cells in the image or (countIncludePad) in the padded image. */
export function avgPool(x: Dense, kernel: Spread, options: AvgPoolOptions = {}): Dense {
  const windows = sliding(x, kernel, options)
  const sides = eachSide(x.shape.slice(2), kernel, { ...options, stride: options.stride ?? kernel })
  return average(x, windows, (output) => {
    if (options.divisorOverride) return options.divisorOverride
    if (!(options.countIncludePad ?? true)) return undefined
    const padded = windows.map(
      (positions, d) => positions[output[d]!]!.filter((cell) => cell < x.shape[d + 2]! + sides[d]!.after).length,
    )
    return padded.reduce((a, b) => a * b, 1)
  })
}

export const adaptiveAvgPool = (x: Dense, outputs: readonly (number | null)[]): Dense =>
  average(x, adaptive(x, outputs), () => undefined)

/** Σ w·x / Σ w over the cells of each window inside the image. */
export function weightedAvgPool2d(x: Dense, weight: Dense, options: SpreadOptions = {}): Dense {
  const kernel = weight.shape
  const windows = sliding(x, kernel, options)
  const shape = [...x.shape.slice(0, 2), ...windows.map(({ length }) => length)]
  return make(shape, ([image, channel, ...output]) => {
    let [sum, total] = [0, 0]
    for (const tap of indicesOf(kernel)) {
      const cell = tap.map((k, d) => windows[d]![output[d]!]![k]!)
      if (!cell.every((c, d) => c >= 0 && c < x.shape[d + 2]!)) continue
      sum += at(weight, tap) * at(x, [image!, channel!, ...cell])
      total += at(weight, tap)
    }
    return sum / total
  })
}

/** Zeros, with each value of x at its index in the output image; the last one stays. */
export function maxUnpool(x: Dense, indices: Dense, outputs: readonly number[]): Dense {
  const y = make([...x.shape.slice(0, 2), ...outputs], () => 0)
  const [cells, places] = [x.shape, y.shape].map((shape) => shape.slice(2).reduce((a, b) => a * b, 1)) as [
    number,
    number,
  ]
  x.data.forEach((value, i) => {
    y.data[Math.floor(i / cells) * places + indices.data[i]!] = value
  })
  return y
}
