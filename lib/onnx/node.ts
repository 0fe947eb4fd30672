import { describe, FormatError } from '../errors.js'
import { type Elements, readElements } from './elements.js'
import { sizeOf } from '../shape.js'
import { ATTRIBUTE, type AttributeProto, type NodeProto, wholeNumber } from './schema.js'

type Kind = keyof typeof ATTRIBUTE

/** One node of a graph, whose attributes are read with their types checked. */
export class GraphNode {
  readonly op: string
  readonly name: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly #attributes = new Map<string, AttributeProto>()

  constructor(
    proto: NodeProto,
    /** The version of the operators. */
    readonly opset: number,
    /** Most elements that a result may have because of a number in the file. */
    readonly limit: number,
  ) {
    const domain = proto.domain === 'ai.onnx' ? '' : (proto.domain ?? '')
    this.op = `${domain && `${domain}.`}${proto.opType ?? ''}`
    this.name = proto.name || (proto.output ?? []).join(', ') || 'without a name'
    this.inputs = proto.input ?? []
    this.outputs = proto.output ?? []
    for (const attribute of proto.attribute ?? []) this.#attributes.set(attribute.name ?? '', attribute)
  }

  /** What stands before the node's errors. */
  get where(): string {
    return `onnx, ${this.op} '${this.name}'`
  }

  fail(message: string): never {
    throw new FormatError(`${this.where}: ${message}`)
  }

  /** The shape of a result, whose size depends on numbers of the file. @throws {FormatError} when it is too large */
  sized(shape: readonly number[]): readonly number[] {
    if (sizeOf(shape) > this.limit)
      this.fail(`expected a result of at most ${this.limit} elements (maxElements), got one of [${shape.join(', ')}]`)
    return shape
  }

  has(name: string): boolean {
    return this.#attributes.has(name)
  }

  /** @throws {FormatError} unless the attribute, if there is one, is of the type; as do the others */
  #get(name: string, kind: Kind): AttributeProto | undefined {
    const attribute = this.#attributes.get(name)
    // Writers of the first hours left the type away.
    if (attribute?.type && attribute.type !== ATTRIBUTE[kind])
      this.fail(`expected attribute ${name} of type ${kind}, got type ${attribute.type}`)
    return attribute
  }

  int(name: string, otherwise: number): number {
    const value = this.#get(name, 'int')
    return value ? wholeNumber(value.i ?? 0, `${this.where}, ${name}`) : otherwise
  }

  /** A flag, 0 or 1. */
  flag(name: string, otherwise = false): boolean {
    return this.int(name, Number(otherwise)) !== 0
  }

  float(name: string, otherwise: number): number {
    const value = this.#get(name, 'float')?.f ?? otherwise
    return Number.isNaN(value) ? this.fail(`expected attribute ${name} to be a number, got NaN`) : value
  }

  ints(name: string): number[] | undefined {
    return this.#get(name, 'ints')?.ints?.map((each) => wholeNumber(each, `${this.where}, ${name}`))
  }

  floats(name: string): readonly number[] | undefined {
    return this.#get(name, 'floats')?.floats
  }

  /** One of some words. */
  word<const W extends string>(name: string, words: readonly W[], otherwise: W): W {
    const bytes = this.#get(name, 'string')?.s
    if (!bytes) return otherwise
    const value = Buffer.from(bytes).toString('utf8')
    if (!(words as readonly string[]).includes(value))
      this.fail(`expected attribute ${name} to be one of ${words.join(', ')}, got ${describe(value)}`)
    return value as W
  }

  elements(name: string): Elements | undefined {
    const proto = this.#get(name, 'tensor')?.t
    return proto && readElements(proto, `${this.where}, ${name}`)
  }
}
