import { FormatError } from '../errors.js'
import { type Elements, readElements } from './elements.js'
import { ExternalData } from './external.js'
import { GraphNode } from './node.js'
import { operators } from './operators/index.js'
import { constantOf } from './operators/values.js'
import { type GraphProto, type ModelProto, wholeNumber } from './schema.js'

/** A value that is the same in every run. */
export interface Constant extends Elements {
  /** Whether it is a weight of the file, rather than a number of the code that it came from. */
  readonly isInitializer: boolean
}

/** What a model is called with. */
export interface GraphInput {
  /** In the file. */
  readonly name: string
  /** −1 where any size will do; undefined where any shape. */
  readonly shape: readonly number[] | undefined
}

/** What a file says, checked: every value comes from somewhere, and nodes are in an order in which they can run. */
export interface Graph {
  readonly inputs: readonly GraphInput[]
  readonly outputs: readonly string[]
  readonly nodes: readonly GraphNode[]
  readonly constants: ReadonlyMap<string, Constant>
}

const LEAST = 7
const GREATEST = 25

/** The version of the standard operators. */
function opsetOf(model: ModelProto, file: string): number {
  const found = model.opsetImport?.find(({ domain }) => !domain || domain === 'ai.onnx')
  const version = found && wholeNumber(found.version ?? 0, `${file}, opset`)
  if (version === undefined || version < LEAST || version > GREATEST)
    throw new FormatError(`${file}: expected operators of opset ${LEAST} to ${GREATEST}, got ${version ?? 'none'}`)
  return version
}

/** @throws {FormatError} that lists all operators which we do not have */
function checkOperators(nodes: readonly GraphNode[], file: string): void {
  const unknown = new Map<string, number>()
  for (const { op } of nodes)
    if (op !== 'Constant' && !Object.hasOwn(operators, op)) unknown.set(op, (unknown.get(op) ?? 0) + 1)
  if (!unknown.size) return
  const list = Array.from(unknown, ([op, count]) => `${op || 'one without a name'} (${count})`)
  throw new FormatError(`${file}: expected operators that convcore has, got ${list.sort().join(', ')}`)
}

/** An order in which every node comes after those whose results it takes. @throws {FormatError} for what cannot be had */
function sorted(nodes: readonly GraphNode[], known: ReadonlySet<string>, file: string): GraphNode[] {
  const producers = new Map<string, GraphNode>()
  for (const node of nodes)
    for (const name of node.outputs) {
      if (name === '') continue
      if (producers.has(name) || known.has(name)) throw new FormatError(`${file}: expected one '${name}', got another`)
      producers.set(name, node)
    }
  const waiting = new Map<GraphNode, Set<GraphNode>>()
  const followers = new Map<GraphNode, GraphNode[]>()
  for (const node of nodes) {
    const sources = new Set<GraphNode>()
    for (const name of node.inputs) {
      const source = producers.get(name)
      if (source) sources.add(source)
      else if (name !== '' && !known.has(name)) node.fail(`expected input '${name}' to come from somewhere`)
    }
    waiting.set(node, sources)
    for (const source of sources) {
      const list = followers.get(source)
      if (list) list.push(node)
      else followers.set(source, [node])
    }
  }
  const order = nodes.filter((node) => waiting.get(node)!.size === 0)
  for (const node of order)
    for (const follower of followers.get(node) ?? []) {
      const left = waiting.get(follower)!
      if (left.delete(node) && left.size === 0) order.push(follower)
    }
  if (order.length < nodes.length) {
    const rest = nodes.find((node) => waiting.get(node)!.size)!
    rest.fail('expected a graph without a cycle, got one through this node')
  }
  return order
}

async function readConstants(
  graph: GraphProto,
  path: string | undefined,
  file: string,
): Promise<Map<string, Constant>> {
  const elsewhere = new ExternalData(path)
  const constants = new Map<string, Constant>()
  for (const proto of graph.initializer ?? []) {
    const name = proto.name ?? ''
    const where = `${file}, initializer '${name}'`
    if (!name || constants.has(name)) throw new FormatError(`${where}: expected a name of its own`)
    const bytes = proto.dataLocation === 1 ? await elsewhere.read(proto, where) : undefined
    constants.set(name, { ...readElements(proto, where, bytes), isInitializer: true })
  }
  return constants
}

/**
 * @param path of the model, where it has one
 * @param limit of elements, see `ImportOptions`
 * @throws {FormatError} saying what is wrong
 */
export async function readGraph(model: ModelProto, path: string | undefined, limit: number): Promise<Graph> {
  const file = path ?? 'onnx'
  const graph = model.graph!
  const opset = opsetOf(model, file)
  const all = (graph.node ?? []).map((proto) => new GraphNode(proto, opset, limit))
  checkOperators(all, file)
  const constants = await readConstants(graph, path, file)
  // Old files list the weights among the inputs too.
  const inputs = (graph.input ?? [])
    .filter(({ name }) => !constants.has(name ?? ''))
    .map(({ name, type }, i): GraphInput => {
      const dims = type?.tensorType?.shape?.dim
      // 0, which stands for a size that is not there, and negative ones are any.
      const shape = dims?.map(({ dimValue }) => Math.max(wholeNumber(dimValue ?? 0, `${file}, input`), 0) || -1)
      return { name: name || `input ${i}`, shape }
    })
  for (const node of all) {
    if (node.op !== 'Constant') continue
    const name = node.outputs[0] ?? ''
    if (!name || constants.has(name)) node.fail('expected an output with a name of its own')
    constants.set(name, { ...constantOf(node), isInitializer: false })
  }
  const known = new Set([...constants.keys(), ...inputs.map(({ name }) => name)])
  const nodes = sorted(
    all.filter(({ op }) => op !== 'Constant'),
    known,
    file,
  )
  for (const node of nodes) for (const name of node.outputs) known.add(name)
  const outputs = (graph.output ?? []).map(({ name }) => name ?? '')
  const missing = outputs.find((name) => !known.has(name))
  if (missing !== undefined || !outputs.length)
    throw new FormatError(`${file}: expected outputs that nodes make, got ${missing ? `'${missing}'` : 'none'}`)
  return { inputs, outputs, nodes, constants }
}
