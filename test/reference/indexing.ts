import { at, type Dense, make } from './array.js'

export const gatherRows = (x: Dense, rows: Dense): Dense =>
  make([rows.shape[0]!, ...x.shape.slice(1)], ([i, ...rest]) => at(x, [rows.data[i!]!, ...rest]))
