import { at, type Dense, make, map, withDim } from './array.js'

/** The error function by its Maclaurin series, and from where that needs too many terms by its continued fraction. */
function erf(x: number): number {
  if (x < 0) return -erf(-x)
  if (x > 3) {
    let fraction = x
    for (let k = 60; k > 0; k--) fraction = x + k / 2 / fraction
    return 1 - Math.exp(-x * x) / Math.sqrt(Math.PI) / fraction
  }
  let [sum, term] = [x, x]
  for (let k = 1; k < 80; k++) {
    term *= (-x * x) / k
    sum += term / (2 * k + 1)
  }
  return (2 / Math.sqrt(Math.PI)) * sum
}

const bounded = (v: number, least: number, greatest: number): number =>
  v < least ? least : v > greatest ? greatest : v

export const relu = (x: Dense): Dense => map(x, (v) => (v < 0 ? 0 : v))
export const sigmoid = (x: Dense): Dense => map(x, (v) => 1 / (1 + Math.exp(-v)))
export const tanh = (x: Dense): Dense => map(x, Math.tanh)
export const relu6 = (x: Dense): Dense => map(x, (v) => bounded(v, 0, 6))
export const hardtanh = (x: Dense, least = -1, greatest = 1): Dense => map(x, (v) => bounded(v, least, greatest))
export const hardsigmoid = (x: Dense): Dense => map(x, (v) => bounded(v / 6 + 0.5, 0, 1))
export const hardswish = (x: Dense): Dense => map(x, (v) => (v * bounded(v + 3, 0, 6)) / 6)
export const leakyRelu = (x: Dense, slope = 0.01): Dense => map(x, (v) => (v > 0 ? v : slope * v))
export const elu = (x: Dense, alpha = 1): Dense => map(x, (v) => (v > 0 ? v : alpha * Math.expm1(v)))
export const selu = (x: Dense): Dense => map(elu(x, 1.6732632423543772), (v) => 1.0507009873554805 * v)
export const gelu = (x: Dense): Dense => map(x, (v) => (v * (1 + erf(v / Math.SQRT2))) / 2)
export const geluTanh = (x: Dense): Dense =>
  map(x, (v) => (v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3)))) / 2)
export const silu = (x: Dense): Dense => map(x, (v) => v / (1 + Math.exp(-v)))
export const softplus = (x: Dense, beta = 1, threshold = 20): Dense =>
  map(x, (v) => (beta * v > threshold ? v : Math.log1p(Math.exp(beta * v)) / beta))

export const prelu = (x: Dense, weight: Dense): Dense =>
  make(x.shape, (index) => {
    const v = at(x, index)
    return v > 0 ? v : v * weight.data[weight.data.length === 1 ? 0 : index[1]!]!
  })

export function maxout(x: Dense, pieces: number, dim: number): Dense {
  const size = x.shape[dim]! / pieces
  return make(withDim(x.shape, dim, size), (index) =>
    Math.max(...Array.from({ length: pieces }, (_, i) => at(x, withDim(index, dim, index[dim]! * pieces + i)))),
  )
}
