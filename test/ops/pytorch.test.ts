import {
  add,
  argmax,
  avgPool2d,
  type AvgPool2dOptions,
  batchNorm,
  type BatchNormOptions,
  binaryCrossEntropy,
  cat,
  col2im,
  conv2d,
  type Conv2dOptions,
  crossEntropy,
  div,
  type DType,
  im2col,
  linear,
  logSoftmax,
  type LossOptions,
  lstsq,
  matmul,
  type MatmulOptions,
  max,
  maxPool2d,
  maxPool2dWithIndices,
  mean,
  mseLoss,
  mul,
  permute,
  relu,
  scope,
  sigmoid,
  slice,
  softmax,
  sub,
  sum,
  tanh,
  tensor,
  type Tensor,
} from 'convcore'
import t from 'tap'
import { fixture } from '../fixture.js'
import { difference } from './close.js'

interface Stored {
  shape: number[]
  data: number[]
  dtype?: DType
}

/** The options of all ops; each has those that it takes. */
interface Options extends Conv2dOptions, AvgPool2dOptions, BatchNormOptions, LossOptions, MatmulOptions {
  kernel: number | [number, number]
  dim: number
  dims: number | number[]
  order: number[]
  shape: number[]
  start: number
  end: number
  keepDim: boolean
  show: 'y' | 'runningMean' | 'runningVar'
}

/** See scripts/fixtures/ops.py. */
interface OpFixture {
  op: string
  options: Options
  inputs: Stored[]
  y: Stored
  gradients?: (number[] | null)[]
}

type Call = (inputs: Tensor[], options: Options) => Tensor

const calls: Record<string, Call> = {
  add: ([a, b]) => add(a!, b!),
  sub: ([a, b]) => sub(a!, b!),
  mul: ([a, b]) => mul(a!, b!),
  div: ([a, b]) => div(a!, b!),
  argmax: ([x], { dim }) => argmax(x!, dim),
  avgPool2d: ([x], { kernel, ...options }) => avgPool2d(x!, kernel, options),
  batchNorm: ([x, runningMean, runningVar, weight, bias], { show, ...options }) => {
    const y = batchNorm(x!, runningMean, runningVar, weight, bias, options)
    return { y, runningMean: runningMean!, runningVar: runningVar! }[show]
  },
  binaryCrossEntropy: ([p, target], options) => binaryCrossEntropy(p!, target!, options),
  cat: (inputs, { dim }) => cat(inputs, dim),
  col2im: ([columns], { shape, kernel, ...options }) => col2im(columns!, shape, kernel, options),
  conv2d: ([x, weight, bias], options) => conv2d(x!, weight!, bias, options),
  crossEntropy: ([x, target], options) => crossEntropy(x!, target!, options),
  im2col: ([x], { kernel, ...options }) => im2col(x!, kernel, options),
  linear: ([x, weight, bias]) => linear(x!, weight!, bias),
  logSoftmax: ([x], { dim }) => logSoftmax(x!, dim),
  lstsq: ([a, b]) => lstsq(a!, b!),
  matmul: ([a, b], options) => matmul(a!, b!, options),
  max: ([x], { dim }) => max(x!, dim).values,
  maxPool2d: ([x], { kernel, ...options }) => maxPool2d(x!, kernel, options),
  maxPool2dIndices: ([x], { kernel, ...options }) => maxPool2dWithIndices(x!, kernel, options).indices,
  mean: ([x], { dims, keepDim }) => mean(x!, dims, { keepDim }),
  mseLoss: ([x, target], options) => mseLoss(x!, target!, options),
  permute: ([x], { order }) => permute(x!, order),
  relu: ([x]) => relu(x!),
  sigmoid: ([x]) => sigmoid(x!),
  slice: ([x], { dim, start, end }) => slice(x!, dim, start, end),
  softmax: ([x], { dim }) => softmax(x!, dim),
  sum: ([x], { dims, keepDim }) => sum(x!, dims, { keepDim }),
  tanh: ([x]) => tanh(x!),
}

const fixtures = await fixture<OpFixture[]>('ops')
const expected = (shape: readonly number[], data: number[]) => ({ shape, data: Float64Array.from(data) })
const weight = (i: number): number => (((7 * i) % 11) - 5) / 5

for (const [op, call] of Object.entries(calls))
  t.test(op, (t) => {
    const mine = fixtures.filter((fixture) => fixture.op === op)
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
