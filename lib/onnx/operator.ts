import type { Device } from '../device.js'
import { describe } from '../errors.js'
import { Tensor } from '../tensor.js'
import type { GraphNode } from './node.js'
import { Numbers, toTensor, type Value } from './value.js'

/** What one run of a node is given. */
export class Inputs {
  constructor(
    readonly node: GraphNode,
    readonly values: readonly (Value | undefined)[],
    readonly training: boolean,
    readonly device: Device,
  ) {}

  get(i: number): Value {
    return this.values[i] ?? this.node.fail(`expected input ${i}, got none`)
  }

  /** Whether all that is given is numbers, so that the result is too. */
  get known(): boolean {
    return this.values.every((value) => value === undefined || value instanceof Numbers)
  }

  tensor(i: number): Tensor {
    return toTensor(this.get(i), this.device)
  }

  maybe(i: number): Tensor | undefined {
    return this.values[i] && this.tensor(i)
  }

  /** @throws {FormatError} when they are not known before the graph runs on data */
  numbers(i: number): Numbers {
    const value = this.get(i)
    return value instanceof Numbers
      ? value
      : this.node.fail(`expected input ${i} to be constant, or computed from shapes; got ${describe(value)}`)
  }

  /** Whole numbers; undefined when they are left away. */
  ints(i: number): readonly number[] | undefined {
    return this.values[i] && this.numbers(i).values
  }

  /** One number. */
  number(i: number): number | undefined {
    const values = this.ints(i)
    if (values && values.length !== 1) this.node.fail(`expected one number as input ${i}, got ${values.length}`)
    return values?.[0]
  }
}

/** How an operator of ONNX is done by ours. */
export interface Operator {
  /** Least and greatest number of inputs. */
  readonly arity: readonly [least: number, most: number]
  /** Inputs that are numbers for JavaScript: shapes, axes, bounds. */
  readonly numbers?: readonly number[]
  /** Inputs that are trained where they are constant. */
  readonly parameters?: readonly number[]
  /** As `parameters`, but not if they are a single number. */
  readonly operands?: readonly number[]
  /** Inputs that are part of the state, and changed in training. */
  readonly statistics?: readonly number[]
  /** Reads the attributes; what it returns does one run. */
  prepare(node: GraphNode): (inputs: Inputs) => Value | readonly Value[]
}

export type Operators = Readonly<Record<string, Operator>>

/** An axis from 0 on. @throws {FormatError} when there is none */
export function axisOf(node: GraphNode, axis: number, rank: number): number {
  const from0 = axis < 0 ? axis + rank : axis
  return from0 >= 0 && from0 < rank ? from0 : node.fail(`expected an axis of ${rank} dimensions, got ${axis}`)
}
