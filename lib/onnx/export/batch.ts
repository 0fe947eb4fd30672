// A graph for batches of any size, from what a model did with two of them.
import { isDeepStrictEqual } from 'node:util'
import { Tensor } from '../../tensor.js'
import { type BuiltNode, exportError, type Initializer } from './builder.js'
import type { BuiltGraph } from './graph.js'

/** The sizes of the two batches. */
export const BATCHES = [2, 3] as const

const reason = 'it depends on the size of the batch in a way that ONNX cannot say; give dynamicBatch: false'

/** @throws {Error} ERR_EXPORT naming what differs otherwise than by sizes that grow with the batch */
export function forAnyBatch(one: BuiltGraph, other: BuiltGraph): BuiltGraph {
  one.nodes.forEach((node, i) => {
    if (!isDeepStrictEqual(node, other.nodes[i])) throw exportError(node.from, reason)
  })
  if (one.nodes.length !== other.nodes.length) throw exportError('the model', reason)
  const initializers = new Map<string, Initializer>()
  const sizes: BuiltNode[] = []
  for (const [name, value] of one.initializers) {
    const twin = other.initializers.get(name)
    const users = one.nodes.filter(({ inputs }) => inputs.includes(name))
    const from = users[0]?.from ?? 'a constant'
    if (!twin || value instanceof Tensor || twin instanceof Tensor) {
      const alike = value instanceof Tensor && twin instanceof Tensor && String(value.shape) === String(twin.shape)
      if (!alike) throw exportError(from, reason)
      initializers.set(name, value)
      continue
    }
    if (isDeepStrictEqual(value, twin)) initializers.set(name, value)
    else if (value.kind !== 'int64' || value.values.length !== twin.values.length) throw exportError(from, reason)
    else if (users.every(({ op, inputs }) => op === 'Reshape' && inputs[1] === name) && differing(value, twin) === 1)
      initializers.set(name, { ...value, values: value.values.map((n, i) => (n === twin.values[i] ? n : -1)) })
    else sizes.push(...growing(name, value.values, twin.values, one.inputs[0]!.name, initializers))
  }
  return { ...one, nodes: [...sizes, ...one.nodes], initializers }
}

const differing = (a: { values: readonly number[] }, b: { values: readonly number[] }): number =>
  a.values.filter((n, i) => n !== b.values[i]).length

/** Nodes that make numbers which are straight lines in the size of the batch, that of the input's first dimension. */
function growing(
  name: string,
  first: readonly number[],
  second: readonly number[],
  input: string,
  initializers: Map<string, Initializer>,
): BuiltNode[] {
  const slopes = first.map((n, i) => (second[i]! - n) / (BATCHES[1] - BATCHES[0]))
  const constant = (suffix: string, values: readonly number[]): string => {
    initializers.set(`${name}_${suffix}`, { kind: 'int64', shape: [values.length], values })
    return `${name}_${suffix}`
  }
  const node = (op: string, inputs: string[], output: string): BuiltNode => ({
    op,
    inputs,
    output,
    attributes: {},
    from: 'the size of the batch',
  })
  const rest = first.map((n, i) => n - slopes[i]! * BATCHES[0])
  return [
    node('Shape', [input], `${name}_shape`),
    node('Slice', [`${name}_shape`, constant('from', [0]), constant('to', [1])], `${name}_batch`),
    node('Mul', [`${name}_batch`, constant('each', slopes)], `${name}_grown`),
    node('Add', [`${name}_grown`, constant('rest', rest)], name),
  ]
}
