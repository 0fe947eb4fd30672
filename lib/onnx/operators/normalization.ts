import { add, div, mul, sub } from '../../ops/elementwise.js'
import { groupNorm, instanceNorm, layerNorm } from '../../ops/groupNorm.js'
import { batchNorm } from '../../ops/norm.js'
import { dropout } from '../../ops/random.js'
import { mean } from '../../ops/reduce.js'
import { localResponseNorm } from '../../ops/responseNorm.js'
import { reshape } from '../../ops/shape.js'
import { sqrt } from '../../ops/unary.js'
import { axisOf, type Operators } from '../operator.js'

export const normalizations: Operators = {
  BatchNormalization: {
    arity: [5, 5],
    parameters: [1, 2],
    statistics: [3, 4],
    prepare(node) {
      const [eps, momentum] = [node.float('epsilon', 1e-5), 1 - node.float('momentum', 0.9)]
      return (inputs) => {
        const [x, weight, bias, runningMean, runningVar] = [0, 1, 2, 3, 4].map((i) => inputs.tensor(i))
        return batchNorm(x!, runningMean, runningVar, weight, bias, { eps, momentum, training: inputs.training })
      }
    },
  },
  InstanceNormalization: {
    arity: [3, 3],
    parameters: [1, 2],
    prepare(node) {
      const eps = node.float('epsilon', 1e-5)
      return (inputs) =>
        instanceNorm(inputs.tensor(0), undefined, undefined, inputs.tensor(1), inputs.tensor(2), { eps })
    },
  },
  LayerNormalization: {
    arity: [2, 3],
    parameters: [1, 2],
    prepare(node) {
      const [axis, eps] = [node.int('axis', -1), node.float('epsilon', 1e-5)]
      return (inputs) => {
        const x = inputs.tensor(0)
        const shape = x.shape.slice(axisOf(node, axis, x.rank))
        return layerNorm(x, shape, inputs.tensor(1), inputs.maybe(2), { eps })
      }
    },
  },
  GroupNormalization: {
    arity: [3, 3],
    parameters: [1, 2],
    prepare(node) {
      const [groups, eps] = [node.int('num_groups', 0), node.float('epsilon', 1e-5)]
      return (inputs) => {
        const [x, weight, bias] = [inputs.tensor(0), inputs.tensor(1), inputs.tensor(2)]
        if (node.opset >= 21) return groupNorm(x, groups, weight, bias, { eps })
        // Before opset 21 there was one weight for each group.
        const [n, c, ...sides] = x.shape as [number, number, ...number[]]
        const grouped = reshape(groupNorm(x, groups, undefined, undefined, { eps }), [n, groups, c / groups, ...sides])
        const each = [1, groups, 1, ...sides.map(() => 1)]
        return reshape(add(mul(grouped, reshape(weight, each)), reshape(bias, each)), x.shape)
      }
    },
  },
  MeanVarianceNormalization: {
    arity: [1, 1],
    prepare(node) {
      const axes = node.ints('axes') ?? [0, 2, 3]
      return (inputs) => {
        const x = inputs.tensor(0)
        const dims = axes.map((axis) => axisOf(node, axis, x.rank))
        const centred = sub(x, mean(x, dims, { keepDim: true }))
        const variance = mean(mul(centred, centred), dims, { keepDim: true })
        return div(centred, add(sqrt(variance), 1e-9))
      }
    },
  },
  LRN: {
    arity: [1, 1],
    prepare(node) {
      const [alpha, beta, k] = [node.float('alpha', 1e-4), node.float('beta', 0.75), node.float('bias', 1)]
      const size = node.int('size', 0)
      // Of an even number ONNX has one more channel ahead, ours behind.
      if (size < 1 || size % 2 === 0) node.fail(`expected an odd size, got ${size}`)
      return (inputs) => localResponseNorm(inputs.tensor(0), size, { alpha, beta, k })
    },
  },
  Dropout: {
    arity: [1, 3],
    numbers: [1, 2],
    prepare(node) {
      const fixed = node.float('ratio', 0.5)
      return (inputs) =>
        dropout(inputs.tensor(0), node.opset < 12 ? fixed : (inputs.number(1) ?? 0.5), { training: inputs.training })
    },
  },
}
