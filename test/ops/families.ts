import * as activation from './cases/activation.js'
import * as conv from './cases/conv.js'
import * as elementwise from './cases/elementwise.js'
import * as linalg from './cases/linalg.js'
import * as loss from './cases/loss.js'
import * as matmul from './cases/matmul.js'
import * as norm from './cases/norm.js'
import * as pool from './cases/pool.js'
import * as random from './cases/random.js'
import * as reduce from './cases/reduce.js'
import * as shape from './cases/shape.js'
import type { Family } from './case.js'

export const families: Record<string, Family> = {
  activation,
  conv,
  elementwise,
  linalg,
  loss,
  matmul,
  norm,
  pool,
  random,
  reduce,
  shape,
}
