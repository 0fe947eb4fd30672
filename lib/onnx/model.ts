import { tensor } from '../create.js'
import { type Device, getDefaultDevice } from '../device.js'
import { describe, ShapeError } from '../errors.js'
import { keepNames } from '../nn/members.js'
import { Module } from '../nn/module.js'
import { Parameter } from '../nn/parameter.js'
import { scope } from '../scope.js'
import { showShape, sizeOf } from '../shape.js'
import { Tensor } from '../tensor.js'
import type { Constant, Graph, GraphInput } from './graph.js'
import type { GraphNode } from './node.js'
import { Inputs, type Operator } from './operator.js'
import { operators } from './operators/index.js'
import { Numbers, toTensor, type Value } from './value.js'

interface Step {
  readonly node: GraphNode
  readonly numbers: readonly number[]
  readonly run: (inputs: Inputs) => Value | readonly Value[]
  /** Values that nothing needs after it. */
  readonly last: readonly string[]
}

/**
 * A network from an ONNX file. Its weights are parameters under the names that they have in the file, and can be trained;
 * statistics of batch norm and other constants are buffers. Made in evaluation mode.
 */
export class OnnxModel<R extends Tensor | Tensor[] = Tensor> extends Module {
  readonly #graph: Graph
  readonly #steps: readonly Step[]
  readonly #numbers = new Map<string, Numbers>()
  /** The field of each constant that is a tensor. */
  readonly #fields = new Map<string, string>()

  /** @internal */
  constructor(graph: Graph, device: Device) {
    super()
    keepNames(this)
    this.#graph = graph
    this.#steps = stepsOf(graph)
    const uses = usesOf(graph.nodes)
    for (const [name, constant] of graph.constants) this.#addConstant(name, constant, uses.get(name) ?? [], device)
    this.eval()
  }

  /** What goes in: names, and shapes with −1 for any size. */
  get inputs(): readonly GraphInput[] {
    return this.#graph.inputs
  }

  /** Names of what comes out. */
  get outputNames(): readonly string[] {
    return this.#graph.outputs
  }

  /**
   * @param inputs one for each of the graph's, in its order
   * @returns the output, or an array where the graph has several
   * @throws {TypeError} {@link ShapeError} for other inputs than the graph has; errors of ops name the node
   */
  forward(...inputs: Tensor[]): R {
    this.#check(inputs)
    const [first] = [...inputs, ...this.parameters()]
    const device = first?.device ?? getDefaultDevice()
    return scope(() => {
      const values = new Values(inputs)
      inputs.forEach((x, i) => values.set(this.#graph.inputs[i]!.name, x))
      for (const [name, field] of this.#fields) {
        const constant = (this as unknown as Record<string, Tensor>)[field]!
        values.lend(constant)
        values.set(name, constant)
      }
      for (const step of this.#steps) this.#run(step, values, device)
      const outputs = this.#graph.outputs.map((name) => toTensor(this.#value(name, values)!, device))
      return (outputs.length === 1 ? outputs[0] : outputs) as never
    })
  }

  #value(name: string, values: Values): Value | undefined {
    return values.get(name) ?? this.#numbers.get(name)
  }

  #run({ node, numbers, run, last }: Step, values: Values, device: Device): void {
    const given = node.inputs.map((name, i) =>
      name === ''
        ? undefined
        : ((numbers.includes(i) ? this.#numbers.get(name) : undefined) ??
          this.#value(name, values) ??
          node.fail(`expected '${name}', which the node before does not make`)),
    )
    try {
      const result = run(new Inputs(node, given, this.training, device))
      const results = Array.isArray(result) ? (result as readonly Value[]) : [result as Value]
      node.outputs.forEach((name, i) => name !== '' && results[i] && values.set(name, results[i]))
    } catch (error) {
      if (error instanceof Error && !error.message.startsWith('onnx')) error.message = `${node.where}: ${error.message}`
      throw error
    }
    for (const name of last) values.drop(name)
  }

  #check(inputs: readonly unknown[]): void {
    const expected = this.#graph.inputs
    if (inputs.length !== expected.length)
      throw new TypeError(
        `OnnxModel: expected ${expected.length} inputs (${expected.map(({ name }) => name).join(', ')}), got ${inputs.length}`,
      )
    inputs.forEach((x, i) => {
      const { name, shape } = expected[i]!
      if (!(x instanceof Tensor)) throw new TypeError(`OnnxModel: expected ${name} to be a tensor, got ${describe(x)}`)
      if (shape && (x.rank !== shape.length || shape.some((n, d) => n !== -1 && n !== x.shape[d])))
        throw new ShapeError(`OnnxModel: expected ${name} of shape ${showShape(shape)}, got ${showShape(x.shape)}`)
    })
  }

  #addConstant(name: string, constant: Constant, uses: UsesOf, device: Device): void {
    const { shape, kind, values } = constant
    const use = keptAs(constant, uses)
    if (use.asNumbers) this.#numbers.set(name, new Numbers(shape, Array.from(values), kind))
    if (!use.as) return
    let field = name
    while (field in this) field += '_'
    this.#fields.set(name, field)
    const made = tensor(values, { shape, device })
    if (use.as === 'buffer') this.registerBuffer(field, made)
    else Object.assign(this, { [field]: new Parameter(made) })
    if (use.as === 'parameter') made.dispose()
  }
}

type UsesOf = readonly (readonly [operator: Operator, input: number])[]

/** Which inputs of which operators a value goes to. */
function usesOf(nodes: readonly GraphNode[]): ReadonlyMap<string, UsesOf> {
  const uses = new Map<string, [Operator, number][]>()
  for (const node of nodes)
    node.inputs.forEach((name, i) => {
      const list = uses.get(name)
      if (list) list.push([operators[node.op]!, i])
      else uses.set(name, [[operators[node.op]!, i]])
    })
  return uses
}

/** How a constant is kept: as numbers, and as a tensor of which kind. */
function keptAs(
  { shape, kind, isInitializer }: Constant,
  uses: UsesOf,
): { asNumbers: boolean; as?: 'parameter' | 'buffer' } {
  const single = sizeOf(shape) === 1
  const is = { number: false, parameter: false, buffer: false }
  for (const [{ numbers, parameters, operands, statistics }, i] of uses) {
    if (kind !== 'float' || numbers?.includes(i)) is.number = true
    else if (statistics?.includes(i)) is.buffer = true
    else if (isInitializer && (parameters?.includes(i) || (!single && operands?.includes(i)))) is.parameter = true
    else if (single) is.number = true
    else is.buffer = true
  }
  if (!is.parameter && !is.buffer) return { asNumbers: true }
  return { asNumbers: is.number, as: is.parameter ? 'parameter' : 'buffer' }
}

function stepsOf({ nodes, inputs, outputs }: Graph): Step[] {
  const last = new Map<string, number>()
  nodes.forEach((node, i) => [...node.inputs, ...node.outputs].forEach((name) => last.set(name, i)))
  for (const name of [...outputs, ...inputs.map((input) => input.name)]) last.delete(name)
  const ending = nodes.map((): string[] => [])
  for (const [name, i] of last) ending[i]!.push(name)
  return nodes.map((node, i) => {
    const operator: Operator = operators[node.op]!
    const [least, most] = operator.arity
    const count = node.inputs.length
    if (count < least || count > most)
      node.fail(`expected ${least === most ? least : `${least} to ${most}`} inputs, got ${count}`)
    return { node, numbers: operator.numbers ?? [], run: operator.prepare(node), last: ending[i]! }
  })
}

/** The values of one run by name. What nodes made goes when the last name is dropped. */
class Values {
  readonly #values = new Map<string, Value>()
  readonly #names = new Map<Value, number>()
  readonly #lent: Set<Value>

  /** @param lent belong to others */
  constructor(lent: readonly Tensor[]) {
    this.#lent = new Set(lent)
  }

  lend(x: Tensor): void {
    this.#lent.add(x)
  }

  get(name: string): Value | undefined {
    return this.#values.get(name)
  }

  set(name: string, value: Value): void {
    this.#values.set(name, value)
    this.#names.set(value, (this.#names.get(value) ?? 0) + 1)
  }

  drop(name: string): void {
    const value = this.#values.get(name)
    if (!value || !this.#values.delete(name)) return
    const names = this.#names.get(value)! - 1
    this.#names.set(value, names)
    if (names === 0 && value instanceof Tensor && !this.#lent.has(value)) value.dispose()
  }
}
