// Which cells along a dimension the cells of a resized image are made of.

/** How values between pixels are found, by the 1, 2 or 4 nearest along each side. */
export type ResampleMode = 'nearest' | 'bilinear' | 'bicubic'

/** Output i is Σ weights[i · taps + t] · x[first[i] + t]. */
export interface Table {
  readonly input: number
  readonly output: number
  readonly taps: number
  readonly first: Int32Array
  readonly weights: Float64Array
}

interface Row {
  first: number
  weights: number[]
}

function pack(input: number, rows: readonly Row[]): Table {
  const taps = rows.reduce((most, { weights }) => Math.max(most, weights.length), 1)
  const first = new Int32Array(rows.length)
  const weights = new Float64Array(rows.length * taps)
  rows.forEach((row, i) => {
    // So that all taps lie within x.
    first[i] = Math.min(row.first, input - taps)
    const at = i * taps + row.first - first[i]
    for (let t = 0; t < row.weights.length; t++) weights[at + t] = row.weights[t]!
  })
  return { input, output: rows.length, taps, first, weights }
}

/** PyTorch's coordinates: the edges of both images meet. */
export function tableOf(input: number, output: number, mode: ResampleMode, antialias: boolean): Table {
  const scale = input / output
  const row = mode === 'nearest' ? nearest : antialias ? filtered(mode) : mode === 'bilinear' ? betweenTwo : amongFour
  return pack(
    input,
    Array.from({ length: output }, (_, i) => row(i, scale, input)),
  )
}

function nearest(i: number, scale: number, input: number): Row {
  return { first: Math.min(Math.floor(Math.fround(i * Math.fround(scale))), input - 1), weights: [1] }
}

function betweenTwo(i: number, scale: number, input: number): Row {
  const at = Math.min(Math.max(scale * (i + 0.5) - 0.5, 0), input - 1)
  const first = Math.floor(at)
  return { first, weights: first === input - 1 ? [1] : [first + 1 - at, at - first] }
}

/** Cells beyond the image are those at its edge. */
function amongFour(i: number, scale: number, input: number): Row {
  const at = scale * (i + 0.5) - 0.5
  const start = Math.floor(at) - 1
  const first = Math.min(Math.max(start, 0), input - 1)
  const weights: number[] = []
  for (let t = 0; t < 4; t++) {
    const cell = Math.min(Math.max(start + t, 0), input - 1)
    weights[cell - first] = (weights[cell - first] ?? 0) + cubic(start + t - at, -0.75)
  }
  return { first, weights }
}

/** Keys: "Cubic convolution interpolation for digital image processing", 1981. */
function cubic(x: number, a: number): number {
  const d = Math.abs(x)
  if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1
  return d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0
}

const filters = {
  bilinear: { reach: 1, weight: (x: number) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: { reach: 2, weight: (x: number) => cubic(x, -0.5) },
}

/** The filter is as wide as a cell of the smaller image. */
function filtered(mode: keyof typeof filters) {
  const { reach, weight } = filters[mode]
  return (i: number, scale: number, input: number): Row => {
    const width = Math.max(scale, 1)
    const centre = scale * (i + 0.5)
    const first = Math.max(0, Math.trunc(centre - reach * width + 0.5))
    const end = Math.min(input, Math.trunc(centre + reach * width + 0.5))
    const weights = new Array<number>(end - first)
    let total = 0
    for (let t = 0; t < weights.length; t++) total += weights[t] = weight((first + t + 0.5 - centre) / width)
    for (let t = 0; t < weights.length; t++) weights[t]! /= total
    return { first, weights }
  }
}

/** The table of the gradient: what each cell of x counts for in y. */
export function transposed({ input, output, taps, first, weights }: Table): Table {
  const rows = Array.from({ length: input }, (): Row => ({ first: 0, weights: [] }))
  for (let i = 0; i < output; i++)
    for (let t = 0; t < taps; t++) {
      const weight = weights[i * taps + t]!
      if (weight === 0) continue
      const row = rows[first[i]! + t]!
      if (row.weights.length === 0) row.first = i
      while (row.first + row.weights.length < i) row.weights.push(0)
      row.weights.push(weight)
    }
  return pack(output, rows)
}
