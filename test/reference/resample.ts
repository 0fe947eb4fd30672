import { at, type Dense, make, withDim } from './array.js'

export type Mode = 'nearest' | 'bilinear' | 'bicubic'

/** The nearest whole number, of two the even one, as bytes are rounded. */
export const toByte = (v: number): number => {
  const down = Math.floor(v)
  const nearest = v - down === 0.5 ? down + (down % 2) : Math.round(v)
  return Math.min(255, Math.max(0, nearest))
}

function kernel(mode: Mode, x: number, a: number): number {
  const d = Math.abs(x)
  if (mode === 'bilinear') return d < 1 ? 1 - d : 0
  if (d < 1) return (a + 2) * d ** 3 - (a + 3) * d ** 2 + 1
  return d < 2 ? a * d ** 3 - 5 * a * d ** 2 + 8 * a * d - 4 * a : 0
}

/** Every cell of x weighed by its distance: beyond the image with its edge's cells, or, widened, without any. */
export function resample(x: Dense, dim: number, size: number, mode: Mode, antialias: boolean): Dense {
  const input = x.shape[dim]!
  const scale = input / size
  return make(x.shape.with(dim, size), (index) => {
    const value = (cell: number) => at(x, withDim(index, dim, Math.min(input - 1, Math.max(0, cell))))
    if (mode === 'nearest') return value(Math.floor(Math.fround(index[dim]! * Math.fround(scale))))
    const place = (index[dim]! + 0.5) * scale - 0.5
    const width = antialias ? Math.max(1, scale) : 1
    const a = antialias ? -0.5 : -0.75
    const beyond = antialias ? 0 : input
    let [sum, total] = [0, 0]
    for (let cell = -beyond; cell < input + beyond; cell++) {
      const weight = kernel(mode, (cell - place) / width, a)
      sum += weight * value(cell)
      total += weight
    }
    return sum / total
  })
}
