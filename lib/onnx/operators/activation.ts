import {
  elu,
  gelu,
  hardsigmoid,
  hardswish,
  leakyRelu,
  prelu,
  relu,
  selu,
  sigmoid,
  softplus,
  tanh,
} from '../../ops/activation.js'
import { gt, lt, where } from '../../ops/compare.js'
import { add, div, mul, sub } from '../../ops/elementwise.js'
import { reshape } from '../../ops/shape.js'
import { logSoftmax, softmax } from '../../ops/softmax.js'
import { abs, clamp, scale } from '../../ops/unary.js'
import { sizeOf } from '../../shape.js'
import type { Tensor } from '../../tensor.js'
import type { GraphNode } from '../node.js'
import { axisOf, type Operator, type Operators } from '../operator.js'

const of = (make: (node: GraphNode) => (x: Tensor) => Tensor): Operator => ({
  arity: [1, 1],
  prepare(node) {
    const fn = make(node)
    return (inputs) => fn(inputs.tensor(0))
  },
})

/** The error function, by the normal distribution that gelu has: 2·Φ(√2·x) − 1; near 0 by two terms of its series. */
function erf(x: Tensor): Tensor {
  const near = lt(abs(x), 1e-2)
  const z = scale(where(near, 1, x), Math.SQRT2)
  const far = sub(scale(div(gelu(z), z), 2), 1)
  return where(near, scale(mul(x, sub(1, scale(mul(x, x), 1 / 3))), 2 / Math.sqrt(Math.PI)), far)
}

/** Before opset 13 an axis cut the shape in two, and the second part was one dimension. */
const normalised = (fn: (x: Tensor, dim: number) => Tensor): Operator =>
  of((node) => {
    const since13 = node.opset >= 13
    const axis = node.int('axis', since13 ? -1 : 1)
    return (x) => {
      const at = axis === x.rank ? axis : axisOf(node, axis, x.rank)
      if (since13) return fn(x, at)
      const matrix = reshape(x, [sizeOf(x.shape.slice(0, at)), sizeOf(x.shape.slice(at))])
      return reshape(fn(matrix, 1), x.shape)
    }
  })

export const activations: Operators = {
  Relu: of(() => relu),
  Sigmoid: of(() => sigmoid),
  Tanh: of(() => tanh),
  Softplus: of(() => (x) => softplus(x)),
  Softsign: of(() => (x) => div(x, add(abs(x), 1))),
  HardSwish: of(() => hardswish),
  Mish: of(() => (x) => mul(x, tanh(softplus(x)))),
  Erf: of(() => erf),
  LeakyRelu: of((node) => {
    const slope = node.float('alpha', 0.01)
    return (x) => leakyRelu(x, slope)
  }),
  ThresholdedRelu: of((node) => {
    const threshold = node.float('alpha', 1)
    return (x) => where(gt(x, threshold), x, 0)
  }),
  Elu: of((node) => {
    const alpha = node.float('alpha', 1)
    return (x) => elu(x, alpha)
  }),
  Celu: of((node) => {
    const alpha = node.float('alpha', 1)
    return (x) => scale(elu(scale(x, 1 / alpha)), alpha)
  }),
  Selu: of((node) => {
    const [alpha, gamma] = [node.float('alpha', 1.6732632423543772), node.float('gamma', 1.0507009873554805)]
    const usual = Math.abs(alpha - 1.6732632423543772) < 1e-6 && Math.abs(gamma - 1.0507009873554805) < 1e-6
    return usual ? selu : (x) => scale(elu(x, alpha), gamma)
  }),
  HardSigmoid: of((node) => {
    const [alpha, beta] = [node.float('alpha', 0.2), node.float('beta', 0.5)]
    const usual = Math.abs(alpha - 1 / 6) < 1e-6 && beta === 0.5
    return usual ? hardsigmoid : (x) => clamp(add(scale(x, alpha), beta), 0, 1)
  }),
  Gelu: of((node) => {
    const approximate = node.word('approximate', ['none', 'tanh'], 'none')
    return (x) => gelu(x, { approximate })
  }),
  Softmax: normalised(softmax),
  LogSoftmax: normalised(logSoftmax),
  PRelu: {
    arity: [2, 2],
    parameters: [1],
    prepare: () => (inputs) => {
      const [x, slope] = [inputs.tensor(0), inputs.tensor(1)]
      const perChannel = slope.size === 1 || (slope.rank === x.rank - 1 && slope.shape[0] === slope.size)
      if (perChannel && x.rank > 1) return prelu(x, reshape(slope, [slope.size]))
      return where(gt(x, 0), x, mul(x, slope))
    },
  },
  Clip: {
    arity: [1, 3],
    numbers: [1, 2],
    prepare(node) {
      const old = node.opset < 11
      const [min, max] = [node.float('min', -Infinity), node.float('max', Infinity)]
      return (inputs) =>
        old
          ? clamp(inputs.tensor(0), min, max)
          : clamp(inputs.tensor(0), inputs.number(1) ?? -Infinity, inputs.number(2) ?? Infinity)
    },
  },
}
