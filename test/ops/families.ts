import * as activation from './cases/activation.js'
import * as adaptivePool from './cases/adaptivePool.js'
import * as compare from './cases/compare.js'
import * as conv from './cases/conv.js'
import * as convert from './cases/convert.js'
import * as crossEntropy from './cases/crossEntropy.js'
import * as elementwise from './cases/elementwise.js'
import * as im2col from './cases/im2col.js'
import * as groupNorm from './cases/groupNorm.js'
import * as indexing from './cases/indexing.js'
import * as interpolate from './cases/interpolate.js'
import * as join from './cases/join.js'
import * as linalg from './cases/linalg.js'
import * as loss from './cases/loss.js'
import * as matmul from './cases/matmul.js'
import * as norm from './cases/norm.js'
import * as pad from './cases/pad.js'
import * as pool from './cases/pool.js'
import * as random from './cases/random.js'
import * as reduce from './cases/reduce.js'
import * as repeat from './cases/repeat.js'
import * as resample from './cases/resample.js'
import * as scatter from './cases/scatter.js'
import * as responseNorm from './cases/responseNorm.js'
import * as shape from './cases/shape.js'
import * as slice from './cases/slice.js'
import * as softmax from './cases/softmax.js'
import * as sort from './cases/sort.js'
import * as standardize from './cases/standardize.js'
import * as statistics from './cases/statistics.js'
import * as transposed from './cases/transposed.js'
import * as unary from './cases/unary.js'
import * as unpool from './cases/unpool.js'
import * as warp from './cases/warp.js'
import * as weightedPool from './cases/weightedPool.js'
import type { Family } from './case.js'

export const families: Record<string, Family> = {
  activation,
  adaptivePool,
  compare,
  conv,
  convert,
  crossEntropy,
  elementwise,
  im2col,
  groupNorm,
  indexing,
  interpolate,
  join,
  linalg,
  loss,
  matmul,
  norm,
  pad,
  pool,
  random,
  reduce,
  repeat,
  resample,
  scatter,
  responseNorm,
  shape,
  slice,
  softmax,
  sort,
  standardize,
  statistics,
  transposed,
  unary,
  unpool,
  warp,
  weightedPool,
}
