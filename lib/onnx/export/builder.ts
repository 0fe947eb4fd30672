import { Tensor } from '../../tensor.js'
import type { Traced } from '../../tracer.js'

/** An attribute of a node, by its type in the format. */
export type Attribute = { int: number } | { float: number } | { text: string } | { ints: readonly number[] }

export interface BuiltNode {
  readonly op: string
  readonly inputs: readonly string[]
  readonly output: string
  readonly attributes: Readonly<Record<string, Attribute>>
  /** Of ours, that it came from. */
  readonly from: string
}

/** A constant: a tensor whose values are read at the end, or numbers. */
export type Initializer =
  Tensor | { readonly kind: 'int64' | 'float32'; readonly shape: readonly number[]; readonly values: readonly number[] }

/** Collects the nodes and constants of a graph, under names of their own. */
export class Builder {
  readonly nodes: BuiltNode[] = []
  readonly initializers = new Map<string, Initializer>()
  readonly #names = new Map<Tensor, string>()
  readonly #taken: Set<string>
  readonly #counts = new Map<string, number>()
  #from = ''

  /**
   * @param opset version of the operators
   * @param resolve gives for a tensor the one that it is the same as, and its values if it is constant
   */
  constructor(
    readonly opset: number,
    taken: Iterable<string>,
    readonly resolve: (tensor: Tensor) => { readonly source: Tensor; readonly constant: () => Tensor },
    readonly stateNames: ReadonlyMap<Tensor, string>,
  ) {
    this.#taken = new Set(taken)
  }

  /** Has what follows said to come from an op of ours. */
  begin(from: string): void {
    this.#from = from
  }

  /** @throws {Error} ERR_EXPORT that names the op of ours */
  fail(reason: string): never {
    throw exportError(this.#from, reason)
  }

  /** A name that nothing has. */
  unique(base: string): string {
    for (;;) {
      const count = this.#counts.get(base) ?? 0
      this.#counts.set(base, count + 1)
      const name = count ? `${base}_${count}` : base
      if (this.#taken.has(name)) continue
      this.#taken.add(name)
      return name
    }
  }

  setName(tensor: Tensor, name: string): void {
    this.#names.set(tensor, name)
  }

  /** Adds a node. @returns the name of its result */
  node(op: string, inputs: readonly string[], attributes: BuiltNode['attributes'] = {}): string {
    const output = this.unique(op)
    const last = inputs.findLastIndex((name) => name !== '')
    this.nodes.push({ op, inputs: inputs.slice(0, last + 1), output, attributes, from: this.#from })
    return output
  }

  /** The name of what an op of ours was given; '' where it was given nothing. */
  value(x: Traced): string {
    if (x === undefined) return ''
    if (typeof x === 'number') return this.floats([x], [])
    const { source, constant } = this.resolve(x)
    const known = this.#names.get(source)
    if (known !== undefined) return known
    const name = this.unique(this.stateNames.get(source) ?? 'constant')
    this.initializers.set(name, constant())
    this.#names.set(source, name)
    return name
  }

  ints(values: readonly number[], shape: readonly number[] = [values.length]): string {
    return this.#numbers('int64', values, shape)
  }

  floats(values: readonly number[], shape: readonly number[] = [values.length]): string {
    return this.#numbers('float32', values, shape)
  }

  #numbers(kind: 'int64' | 'float32', values: readonly number[], shape: readonly number[]): string {
    const name = this.unique('constant')
    this.initializers.set(name, { kind, shape, values })
    return name
  }
}

export const exportError = (op: string, reason: string): Error =>
  Object.assign(new Error(`exportModel: expected ops that ONNX has, got ${op}: ${reason}`), { code: 'ERR_EXPORT' })
