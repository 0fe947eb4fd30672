import { type DType, mul, scope, sum, tensor } from 'convcore'
import t from 'tap'
import { fixture } from '../fixture.js'
import * as activation from './calls/activation.js'
import * as adaptivePool from './calls/adaptivePool.js'
import * as compare from './calls/compare.js'
import * as conv from './calls/conv.js'
import * as crossEntropy from './calls/crossEntropy.js'
import * as elementwise from './calls/elementwise.js'
import * as indexing from './calls/indexing.js'
import * as interpolate from './calls/interpolate.js'
import * as groupNorm from './calls/groupNorm.js'
import * as join from './calls/join.js'
import * as linalg from './calls/linalg.js'
import * as loss from './calls/loss.js'
import * as matmul from './calls/matmul.js'
import * as norm from './calls/norm.js'
import * as pad from './calls/pad.js'
import * as pool from './calls/pool.js'
import * as reduce from './calls/reduce.js'
import * as repeat from './calls/repeat.js'
import * as scatter from './calls/scatter.js'
import * as responseNorm from './calls/responseNorm.js'
import * as shape from './calls/shape.js'
import * as slice from './calls/slice.js'
import * as softmax from './calls/softmax.js'
import * as sort from './calls/sort.js'
import * as statistics from './calls/statistics.js'
import * as transposed from './calls/transposed.js'
import * as unary from './calls/unary.js'
import * as unpool from './calls/unpool.js'
import * as weightedPool from './calls/weightedPool.js'
import type { Calls } from './calls/call.js'
import { difference } from './close.js'

interface Stored {
  shape: number[]
  data: number[]
  dtype?: DType
}

/** See scripts/fixtures/ops/record.py. */
interface OpFixture {
  op: string
  options: never
  inputs: Stored[]
  y: Stored
  gradients?: (number[] | null)[]
}

const families: Record<string, { calls: Calls<never> }> = {
  activation,
  adaptivePool,
  compare,
  conv,
  crossEntropy,
  elementwise,
  indexing,
  interpolate,
  groupNorm,
  join,
  linalg,
  loss,
  matmul,
  norm,
  pad,
  pool,
  reduce,
  repeat,
  scatter,
  responseNorm,
  shape,
  slice,
  softmax,
  sort,
  statistics,
  transposed,
  unary,
  unpool,
  weightedPool,
}

const expected = (shape: readonly number[], data: number[]) => ({ shape, data: Float64Array.from(data) })
const weight = (i: number): number => (((7 * i) % 11) - 5) / 5

const tests = await Promise.all(
  Object.entries(families).flatMap(([family, { calls }]) => {
    const fixtures = fixture<OpFixture[]>(`ops/${family}`)
    return Object.entries(calls).map(async ([op, call]) => ({
      op,
      call,
      mine: (await fixtures).filter((fixture) => fixture.op === op),
    }))
  }),
)

for (const { op, call, mine } of tests)
  t.test(op, (t) => {
    t.not(mine.length, 0, 'has fixtures')
    for (const { options, inputs, y: want, gradients } of mine)
      scope(() => {
        const name = `${inputs.map(({ shape }) => `[${shape}]`).join(' ')} ${JSON.stringify(options)}`
        const leaves = inputs.map(({ shape, data, dtype = 'float32' }, i) =>
          tensor(data, { shape, dtype, requiresGrad: Boolean(gradients?.[i]) }),
        )
        const y = call(leaves, options)
        t.equal(difference(y, expected(want.shape, want.data), 1e-5), undefined, name)
        if (!gradients) return
        const weights = tensor(
          want.data.map((_, i) => weight(i)),
          { shape: want.shape },
        )
        sum(mul(y, weights)).backward()
        for (const [i, { shape }] of inputs.entries()) {
          if (!gradients[i]) continue
          t.equal(
            difference(leaves[i]!.grad!, expected(shape, gradients[i]), 1e-5),
            undefined,
            `${name}, gradient ${i}`,
          )
        }
      })
    t.end()
  })
