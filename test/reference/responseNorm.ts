import { at, type Dense, make, withDim } from './array.js'

/** x / (k + alpha / size · Σ x²)^beta over `size` channels around each. */
export function localResponseNorm(x: Dense, size: number, { alpha = 1e-4, beta = 0.75, k = 1 } = {}): Dense {
  return make(x.shape, (index) => {
    let squares = 0
    for (let tap = 0; tap < size; tap++) {
      const c = index[1]! - Math.floor(size / 2) + tap
      if (c >= 0 && c < x.shape[1]!) squares += at(x, withDim(index, 1, c)) ** 2
    }
    return at(x, index) / (k + (alpha / size) * squares) ** beta
  })
}
