import { describe } from '../errors.js'
import type { Tensor } from '../tensor.js'
import { toParameter } from './list.js'
import { checkChild, checkName } from './members.js'
import { Module } from './module.js'
import type { Parameter } from './parameter.js'

/** What modules or parameters under names of their own have in common with a map. */
abstract class Dict<T extends object> extends Module {
  readonly #names = new Set<string>()

  /** Refuses what cannot be an item; may turn it into one. */
  protected abstract item(value: unknown, name: string): T

  /** The number of items. */
  get size(): number {
    return this.#names.size
  }

  /** Whether there is an item of the name. */
  has(name: string): boolean {
    return this.#names.has(name)
  }

  /** Adds an item, or replaces it. @throws {RangeError} for a name that modules use themselves, or with a dot */
  set(name: string, value: T): this {
    if (!this.#names.has(name)) checkName(this.constructor.name, name, this)
    Object.assign(this, { [name]: this.item(value, name) })
    this.#names.add(name)
    return this
  }

  /** Takes an item out; returns whether it was there. */
  delete(name: string): boolean {
    return this.#names.delete(name) && Reflect.deleteProperty(this, name)
  }

  /** The names, in the order in which they were set. */
  keys(): IterableIterator<string> {
    return this.#names.values()
  }

  /** The items, in the order in which they were set. */
  *values(): Generator<T> {
    for (const [, value] of this) yield value
  }

  /** Names and items. */
  *[Symbol.iterator](): Iterator<[name: string, value: T]> {
    for (const name of this.#names) yield [name, (this as unknown as Record<string, T>)[name]!]
  }

  /** Calls go to the items. @throws {TypeError} always */
  forward(): never {
    throw new TypeError(`${this.constructor.name}: expected a call of one of its items; it has no forward of its own`)
  }

  /** @internal */
  protected find(name: string): T {
    if (!this.has(name))
      throw new RangeError(
        `${this.constructor.name}: expected one of ${[...this.keys()].join(', ')}, got ${describe(name)}`,
      )
    return (this as unknown as Record<string, T>)[name]!
  }
}

/**
 * Modules under names.
 *
 * ```ts
 * activations = new nn.ModuleDict({ relu: new nn.ReLU(), tanh: new nn.Tanh() })
 * forward(x: Tensor, name: 'relu' | 'tanh') {
 *   return this.activations.get(name)(x)
 * }
 * ```
 */
export class ModuleDict<D extends Record<string, Module> = Record<string, Module>> extends Dict<D[string]> {
  /** @throws {TypeError} when an item is no module, {@link RangeError} when its name is one that modules use themselves */
  constructor(modules: D = {} as D) {
    super()
    for (const [name, module] of Object.entries(modules)) this.set(name, module as D[string])
  }

  /** @throws {RangeError} when there is none of that name */
  get<K extends keyof D & string>(name: K): D[K] {
    return this.find(name) as D[K]
  }

  protected item(value: unknown, name: string): D[string] {
    return checkChild('ModuleDict', name, value as D[string])
  }
}

/** Parameters under names; tensors become parameters. */
export class ParameterDict extends Dict<Parameter> {
  /** @throws {TypeError} when an item is no tensor, {@link RangeError} when its name is one that modules use themselves */
  constructor(parameters: Readonly<Record<string, Tensor>> = {}) {
    super()
    for (const [name, parameter] of Object.entries(parameters))
      this.set(name, toParameter('ParameterDict', name, parameter))
  }

  /** @throws {RangeError} when there is none of that name */
  get(name: string): Parameter {
    return this.find(name)
  }

  protected item(value: unknown, name: string): Parameter {
    return toParameter('ParameterDict', name, value)
  }

  override extraRepr(): string {
    return Array.from(this, ([name, { dtype, shape }]) => {
      const type = { float16: 'Half', bfloat16: 'BFloat16', float64: 'Double' }[dtype as string] ?? 'Float'
      return `  (${name}): Parameter containing: [torch.${type}Tensor of size ${shape.join('x')}]`
    }).join('\n')
  }
}
