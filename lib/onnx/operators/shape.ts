import { cat } from '../../ops/join.js'
import { flip } from '../../ops/indexing.js'
import { flatten, permute, reshape } from '../../ops/shape.js'
import { slice, split } from '../../ops/slice.js'
import { expand, tile } from '../../ops/repeat.js'
import { broadcastShape } from '../../ops/broadcast.js'
import { sizeOf } from '../../shape.js'
import { Tensor } from '../../tensor.js'
import type { GraphNode } from '../node.js'
import { join, pick, spread } from '../numbers.js'
import { axisOf, type Inputs, type Operator, type Operators } from '../operator.js'
import { Numbers, type Value } from '../value.js'

/** The same elements under another shape. */
export const reshaped = (x: Value, shape: readonly number[]): Value =>
  x instanceof Tensor ? reshape(x, shape) : new Numbers(shape, x.values, x.kind)

/** Integers that were an attribute before an opset, and an input since. */
export const movedToInput = (node: GraphNode, name: string, since: number) => {
  const fixed = node.ints(name)
  return (inputs: Inputs, i: number): readonly number[] | undefined => (node.opset < since ? fixed : inputs.ints(i))
}

/** An operator that only views its input. */
const view = (shape: (node: GraphNode) => (inputs: Inputs, x: Value) => readonly number[]): Operator => ({
  arity: [1, 2],
  numbers: [1],
  operands: [0],
  prepare(node) {
    const of = shape(node)
    return (inputs) => reshaped(inputs.get(0), of(inputs, inputs.get(0)))
  },
})

/** First index, length and step along an axis, by Python's rules. */
function range(start: number, end: number, step: number, size: number): [first: number, length: number] {
  const bound = (value: number, least: number, most: number) =>
    Math.min(most, Math.max(least, value < 0 ? value + size : value))
  const [first, last] =
    step > 0 ? [bound(start, 0, size), bound(end, 0, size)] : [bound(start, -1, size - 1), bound(end, -1, size - 1)]
  return [first, Math.max(0, Math.ceil((last - first) / step))]
}

function sliced(x: Value, axis: number, first: number, length: number, step: number): Value {
  if (x instanceof Numbers)
    return pick(x, x.shape.with(axis, length), (index) => index.with(axis, first + step * index[axis]!))
  if (step > 0) return slice(x, axis, first, first + (length - 1) * step + Number(length > 0), step)
  const lowest = first + (length - 1) * step
  return length === 0 ? slice(x, axis, 0, 0) : flip(slice(x, axis, lowest, first + 1, -step), axis)
}

export const shapes: Operators = {
  Reshape: view((node) => {
    const allowZero = node.flag('allowzero')
    return (inputs, x) => {
      const target = inputs.ints(1) ?? node.fail('expected a shape as input 1, got none')
      const shape = target.map((n, d) =>
        n === 0 && !allowZero
          ? (x.shape[d] ?? node.fail(`expected dimension ${d} of x to copy, got rank ${x.shape.length}`))
          : n,
      )
      if (x instanceof Tensor) return shape
      const rest = sizeOf(shape.filter((n) => n !== -1))
      return shape.map((n) => (n === -1 ? x.values.length / rest : n))
    }
  }),
  Flatten: view((node) => {
    const axis = node.int('axis', 1)
    return (_, { shape }) => {
      const at = axis === shape.length ? axis : axisOf(node, axis, shape.length)
      return [sizeOf(shape.slice(0, at)), sizeOf(shape.slice(at))]
    }
  }),
  Squeeze: view((node) => {
    const axesOf = movedToInput(node, 'axes', 13)
    return (inputs, { shape }) => {
      const axes = axesOf(inputs, 1)?.map((axis) => axisOf(node, axis, shape.length))
      const wide = axes?.find((d) => shape[d] !== 1)
      if (wide !== undefined) node.fail(`expected size 1 along axis ${wide}, got ${shape[wide]}`)
      return shape.filter((n, d) => (axes ? !axes.includes(d) : n !== 1))
    }
  }),
  Unsqueeze: view((node) => {
    const axesOf = movedToInput(node, 'axes', 13)
    return (inputs, { shape }) => {
      const axes = axesOf(inputs, 1) ?? node.fail('expected axes, got none')
      const rank = shape.length + axes.length
      const result = [...shape]
      for (const axis of axes.map((each) => axisOf(node, each, rank)).sort((a, b) => a - b)) result.splice(axis, 0, 1)
      return result
    }
  }),
  Identity: { arity: [1, 1], operands: [0], prepare: () => (inputs) => inputs.get(0) },
  Shape: {
    arity: [1, 1],
    prepare(node) {
      const [start, end] = [node.int('start', 0), node.has('end') ? node.int('end', 0) : undefined]
      return (inputs) => Numbers.vector(inputs.get(0).shape.slice(start, end))
    },
  },
  Size: { arity: [1, 1], prepare: () => (inputs) => new Numbers([], [sizeOf(inputs.get(0).shape)]) },
  Transpose: {
    arity: [1, 1],
    operands: [0],
    prepare(node) {
      const given = node.ints('perm')
      return (inputs) => {
        const x = inputs.get(0)
        const order = given ?? x.shape.map((_, d) => d).reverse()
        if (x instanceof Tensor) return permute(x, order)
        if (order.length !== x.shape.length || new Set(order).size !== order.length)
          node.fail(`expected each of ${x.shape.length} dimensions once, got [${order.join(', ')}]`)
        const shape = order.map((d) => x.shape[axisOf(node, d, x.shape.length)]!)
        return pick(x, shape, (index) => x.shape.map((_, d) => index[order.indexOf(d)]!))
      }
    },
  },
  Concat: {
    arity: [1, 10000],
    prepare(node) {
      const axis = node.int('axis', 1)
      return (inputs) => {
        const values = inputs.values.map((_, i) => inputs.get(i))
        const [first] = values as [Value]
        if (values.some(({ shape }) => shape.length !== first.shape.length))
          node.fail('expected inputs of one rank, got others')
        const at = axisOf(node, axis, first.shape.length)
        if (values.some(({ shape }) => shape.some((n, d) => d !== at && n !== first.shape[d])))
          node.fail(`expected inputs that agree but for axis ${at}, got others`)
        if (inputs.known) return join(values as Numbers[], at)
        return cat(
          values.map((_, i) => inputs.tensor(i)),
          at,
        )
      }
    },
  },
  Split: {
    arity: [1, 2],
    numbers: [1],
    prepare(node) {
      const axis = node.int('axis', 0)
      const sizesOf = movedToInput(node, 'split', 13)
      const count = node.int('num_outputs', node.outputs.length)
      if (count < 1 || count > node.outputs.length) node.fail(`expected ${node.outputs.length} outputs, got ${count}`)
      return (inputs) => {
        const x = inputs.get(0)
        const at = axisOf(node, axis, x.shape.length)
        const part = Math.ceil(x.shape[at]! / count)
        const even = Array.from({ length: count }, (_, i) => Math.max(0, Math.min(part, x.shape[at]! - i * part)))
        const sizes = sizesOf(inputs, 1) ?? even
        if (x instanceof Tensor) return split(x, sizes, at)
        let start = 0
        return sizes.map((size) => sliced(x, at, (start += size) - size, size, 1))
      }
    },
  },
  Slice: {
    arity: [1, 5],
    numbers: [1, 2, 3, 4],
    prepare(node) {
      const [starts, ends, axes] = ['starts', 'ends', 'axes'].map((name) => node.ints(name))
      const old = node.opset < 10
      return (inputs) => {
        let x = inputs.get(0)
        const from = (old ? starts : inputs.ints(1)) ?? node.fail('expected starts, got none')
        const to = (old ? ends : inputs.ints(2)) ?? node.fail('expected ends, got none')
        const along = (old ? axes : inputs.ints(3)) ?? from.map((_, i) => i)
        const steps = (old ? undefined : inputs.ints(4)) ?? from.map(() => 1)
        if ([to, along, steps].some(({ length }) => length !== from.length) || steps.includes(0))
          node.fail('expected as many starts as ends, axes and steps that are not 0')
        along.forEach((axis, i) => {
          const at = axisOf(node, axis, x.shape.length)
          const [first, length] = range(from[i]!, to[i]!, steps[i]!, x.shape[at]!)
          if (first !== 0 || length !== x.shape[at] || steps[i] !== 1) x = sliced(x, at, first, length, steps[i]!)
        })
        return x
      }
    },
  },
  Expand: {
    arity: [2, 2],
    numbers: [1],
    prepare: (node) => (inputs) => {
      const [x, target] = [inputs.get(0), inputs.numbers(1).values]
      const shape = node.sized(broadcastShape('Expand', x.shape, target))
      return x instanceof Tensor ? expand(x, shape) : spread(x, shape)
    },
  },
  Tile: {
    arity: [2, 2],
    numbers: [1],
    prepare: (node) => (inputs) => {
      const [x, repeats] = [inputs.get(0), inputs.numbers(1).values]
      if (repeats.length !== x.shape.length) node.fail(`expected ${x.shape.length} repeats, got ${repeats.length}`)
      node.sized(x.shape.map((n, d) => n * repeats[d]!))
      if (x instanceof Tensor) return tile(x, repeats)
      return pick(
        x,
        x.shape.map((n, d) => n * repeats[d]!),
        (index) => index.map((at, d) => at % x.shape[d]!),
      )
    },
  },
  DepthToSpace: {
    arity: [1, 1],
    prepare(node) {
      const size = node.int('blocksize', 0)
      const mode = node.word('mode', ['DCR', 'CRD'], 'DCR')
      if (size < 1) node.fail(`expected a blocksize from 1 on, got ${size}`)
      return (inputs) => {
        const [n, c, h, w] = image(node, inputs.tensor(0))
        const depth = c / size ** 2
        const x = inputs.tensor(0)
        const [split, order] =
          mode === 'DCR'
            ? [
                [n, size, size, depth, h, w],
                [0, 3, 4, 1, 5, 2],
              ]
            : [
                [n, depth, size, size, h, w],
                [0, 1, 4, 2, 5, 3],
              ]
        return reshape(permute(reshape(x, split), order), [n, depth, h * size, w * size])
      }
    },
  },
  SpaceToDepth: {
    arity: [1, 1],
    prepare(node) {
      const size = node.int('blocksize', 0)
      if (size < 1) node.fail(`expected a blocksize from 1 on, got ${size}`)
      return (inputs) => {
        const [n, c, h, w] = image(node, inputs.tensor(0))
        const blocks = reshape(inputs.tensor(0), [n, c, h / size, size, w / size, size])
        return flatten(permute(blocks, [0, 3, 5, 1, 2, 4]), 1, 3)
      }
    },
  },
}

function image(node: GraphNode, { shape }: Tensor): [n: number, c: number, h: number, w: number] {
  if (shape.length !== 4) node.fail(`expected x of rank 4, got ${shape.length}`)
  return shape as unknown as [number, number, number, number]
}
