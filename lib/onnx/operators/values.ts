import { full } from '../../create.js'
import { gather } from '../../ops/scatter.js'
import { indexSelect } from '../../ops/indexing.js'
import { where, lt } from '../../ops/compare.js'
import { cast } from '../../ops/convert.js'
import { pad } from '../../ops/pad.js'
import { reshape } from '../../ops/shape.js'
import type { DType } from '../../dtype.js'
import { Tensor } from '../../tensor.js'
import type { Elements } from '../elements.js'
import type { GraphNode } from '../node.js'
import { each, pick } from '../numbers.js'
import { axisOf, type Inputs, type Operators } from '../operator.js'
import { ELEMENT } from '../schema.js'
import { Numbers, type Value } from '../value.js'

const casts: Readonly<Record<number, readonly [kind: Elements['kind'], dtype: DType]>> = {
  [ELEMENT.float]: ['float', 'float32'],
  [ELEMENT.float16]: ['float', 'float32'],
  [ELEMENT.bfloat16]: ['float', 'float32'],
  [ELEMENT.double]: ['float', 'float64'],
  [ELEMENT.uint8]: ['int', 'uint8'],
  [ELEMENT.int8]: ['int', 'int32'],
  [ELEMENT.uint16]: ['int', 'int32'],
  [ELEMENT.int16]: ['int', 'int32'],
  [ELEMENT.int32]: ['int', 'int32'],
  [ELEMENT.int64]: ['int', 'int32'],
  [ELEMENT.bool]: ['bool', 'uint8'],
}

function converted(x: Value, kind: Elements['kind'], dtype: DType): Value {
  if (x instanceof Numbers) {
    const whole = kind === 'int' ? Math.trunc : (value: number) => value
    return each(x, kind === 'bool' ? (value) => Number(value !== 0) : whole, kind)
  }
  return kind === 'bool' ? cast(where(lt(x, 0), 1, x), dtype) : cast(x, dtype)
}

/** The value of a node Constant. */
export function constantOf(node: GraphNode): Elements {
  const value = node.elements('value')
  if (value) return value
  const list = (kind: Elements['kind'], shape: number[], values: readonly number[]): Elements => ({
    kind,
    shape,
    values: Float64Array.from(values),
  })
  const [floats, ints] = [node.floats('value_floats'), node.ints('value_ints')]
  if (node.has('value_float')) return list('float', [], [node.float('value_float', 0)])
  if (node.has('value_int')) return list('int', [], [node.int('value_int', 0)])
  if (floats) return list('float', [floats.length], floats)
  if (ints) return list('int', [ints.length], ints)
  return node.fail('expected a value of numbers, got none')
}

/** The entries of x that indices name along an axis. */
function gathered(node: GraphNode, inputs: Inputs, x: Value, axis: number): Value {
  const index = inputs.get(1)
  const n = x.shape[axis]!
  const shape = [...x.shape.slice(0, axis), ...index.shape, ...x.shape.slice(axis + 1)]
  if (index instanceof Tensor) {
    if (x instanceof Numbers) return node.fail('expected indices that are known before the graph runs on data')
    return reshape(indexSelect(x, axis, reshape(index, [index.size])), shape)
  }
  const positions = index.values.map((i) => axisOf(node, i, n))
  if (x instanceof Tensor) return reshape(indexSelect(x, axis, Int32Array.from(positions)), shape)
  const rank = index.shape.length
  const at = new Numbers(index.shape, positions)
  return pick(x, shape, (place) => {
    const inner = place.slice(axis, axis + rank)
    const flat = inner.reduce((sum, position, d) => sum * at.shape[d]! + position, 0)
    return [...place.slice(0, axis), positions[flat]!, ...place.slice(axis + rank)]
  })
}

const PAD_MODES = { constant: 'constant', reflect: 'reflect', edge: 'replicate', wrap: 'circular' } as const

export const valueOperators: Operators = {
  ConstantOfShape: {
    arity: [1, 1],
    numbers: [0],
    prepare(node) {
      const value = node.elements('value') ?? { kind: 'float' as const, shape: [1], values: Float32Array.of(0) }
      if (value.values.length !== 1) node.fail(`expected one value, got ${value.values.length}`)
      return (inputs) => {
        const shape = node.sized(inputs.numbers(0).values)
        if (value.kind === 'float') return full(shape, value.values[0]!, { device: inputs.device })
        return Numbers.from(shape, value.kind, () => value.values[0]!)
      }
    },
  },
  Range: {
    arity: [3, 3],
    numbers: [0, 1, 2],
    prepare: (node) => (inputs) => {
      const [start, limit, step] = [0, 1, 2].map((i) => inputs.number(i)!) as [number, number, number]
      if (step === 0) node.fail('expected a step other than 0, got 0')
      const length = Math.max(0, Math.ceil((limit - start) / step))
      return Numbers.from([length], inputs.numbers(0).kind, (i) => start + i * step)
    },
  },
  Cast: {
    arity: [1, 1],
    operands: [0],
    prepare(node) {
      const to = casts[node.int('to', 0)] ?? node.fail(`expected a type of numbers, got ${node.int('to', 0)}`)
      return (inputs) => converted(inputs.get(0), ...to)
    },
  },
  CastLike: {
    arity: [2, 2],
    prepare: () => (inputs) => {
      const like = inputs.get(1)
      if (like instanceof Numbers)
        return converted(inputs.get(0), like.kind, like.kind === 'float' ? 'float32' : 'int32')
      return converted(inputs.get(0), like.dtype.startsWith('float') ? 'float' : 'int', like.dtype)
    },
  },
  Gather: {
    arity: [2, 2],
    parameters: [0],
    prepare(node) {
      const axis = node.int('axis', 0)
      return (inputs) => {
        const x = inputs.get(0)
        return gathered(node, inputs, x, axisOf(node, axis, x.shape.length))
      }
    },
  },
  GatherElements: {
    arity: [2, 2],
    prepare(node) {
      const axis = node.int('axis', 0)
      return (inputs) => gather(inputs.tensor(0), axis, inputs.tensor(1))
    },
  },
  Pad: {
    arity: [1, 4],
    numbers: [1, 2, 3],
    prepare(node) {
      const mode = PAD_MODES[node.word('mode', ['constant', 'reflect', 'edge', 'wrap'], 'constant')]
      const old = node.opset < 11
      const [fixed, fill] = [node.ints('pads'), node.float('value', 0)]
      return (inputs) => {
        const x = inputs.tensor(0)
        const pads = (old ? fixed : inputs.ints(1)) ?? node.fail('expected pads, got none')
        const axes = inputs.ints(3)?.map((axis) => axisOf(node, axis, x.rank)) ?? x.shape.map((_, d) => d)
        if (pads.length !== 2 * axes.length) node.fail(`expected ${2 * axes.length} pads, got ${pads.length}`)
        const ends = x.shape.map((): [number, number] => [0, 0])
        axes.forEach((axis, i) => (ends[axis] = [pads[i]!, pads[i + axes.length]!]))
        node.sized(x.shape.map((n, d) => n + ends[d]![0] + ends[d]![1]))
        return pad(x, ends.reverse().flat(), { mode, value: (old ? fill : inputs.number(2)) ?? 0 })
      }
    },
  },
}
