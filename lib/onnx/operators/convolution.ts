import { conv1d, conv2d, conv3d } from '../../ops/conv.js'
import { pad } from '../../ops/pad.js'
import { slice } from '../../ops/slice.js'
import { convTranspose1d, convTranspose2d, convTranspose3d } from '../../ops/transposed.js'
import type { Tensor } from '../../tensor.js'
import type { GraphNode } from '../node.js'
import type { Operators } from '../operator.js'
import { evenPadding, padList, windowAttributes } from './windows.js'

type Conv = (x: Tensor, weight: Tensor, bias: Tensor | undefined, options: object) => Tensor

const CONV = [conv1d, conv2d, conv3d] as Conv[]
const TRANSPOSED = [convTranspose1d, convTranspose2d, convTranspose3d] as Conv[]

function byRank(node: GraphNode, convs: readonly Conv[], x: Tensor, weight: Tensor): Conv {
  const conv = convs[x.rank - 3]
  if (!conv || weight.rank !== x.rank)
    node.fail(`expected x and weight of one rank from 3 to 5, got ${x.rank} and ${weight.rank}`)
  return conv
}

export const convolutions: Operators = {
  Conv: {
    arity: [2, 3],
    parameters: [1, 2],
    prepare(node) {
      const { stride, dilation, ends } = windowAttributes(node)
      const groups = node.int('group', 1)
      return (inputs) => {
        const [x, weight, bias] = [inputs.tensor(0), inputs.tensor(1), inputs.maybe(2)]
        const conv = byRank(node, CONV, x, weight)
        const around = ends(x.shape.slice(2), weight.shape.slice(2))
        const padding = evenPadding(around)
        const padded = padding === undefined ? pad(x, padList(around)) : x
        return conv(padded, weight, bias, { stride, dilation, groups, padding: padding ?? 0 })
      }
    },
  },
  ConvTranspose: {
    arity: [2, 3],
    parameters: [1, 2],
    prepare(node) {
      const { stride, dilation, ends } = windowAttributes(node)
      const groups = node.int('group', 1)
      const auto = node.word('auto_pad', ['NOTSET', 'SAME_UPPER', 'SAME_LOWER', 'VALID'], 'NOTSET')
      if (node.has('output_shape') || auto.startsWith('SAME'))
        node.fail('expected pads that are given as numbers, got output_shape or auto_pad')
      const extra = node.ints('output_padding')
      return (inputs) => {
        const [x, weight, bias] = [inputs.tensor(0), inputs.tensor(1), inputs.maybe(2)]
        const conv = byRank(node, TRANSPOSED, x, weight)
        const around = ends(x.shape.slice(2), weight.shape.slice(2))
        // Ours takes the same from both ends; what is over at one of them is cut off.
        const padding = around.map((pair) => Math.min(...pair))
        node.sized([
          x.shape[0]!,
          ...x.shape.slice(2).map((n, d) => n * (stride?.[d] ?? 1) + weight.shape[d + 2]! * (dilation?.[d] ?? 1)),
        ])
        let y = conv(x, weight, bias, { stride, dilation, groups, padding, outputPadding: extra })
        around.forEach(([before, after], d) => {
          const [first, last] = [before - padding[d]!, after - padding[d]!]
          if (first || last) y = slice(y, d + 2, first, y.shape[d + 2]! - last)
        })
        return y
      }
    },
  },
}
