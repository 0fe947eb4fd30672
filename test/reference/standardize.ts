import { type Dense, make, position } from './array.js'

export const standardize = (x: Dense, mean: readonly number[], std: readonly number[], dim: number): Dense =>
  make(x.shape, (index) => (x.data[position(x.shape, index)]! - mean[index[dim]!]!) / std[index[dim]!]!)
