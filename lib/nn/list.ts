import { describe } from '../errors.js'
import { Tensor } from '../tensor.js'
import { checkChild } from './members.js'
import { Module } from './module.js'
import { Parameter } from './parameter.js'
import { printList } from './print.js'

/** What modules or parameters under the names 0, 1, … have in common with an array. */
abstract class List<T> extends Module {
  readonly [index: number]: T

  constructor(items: Iterable<T>) {
    super()
    this.extend(items)
  }

  /** Refuses what cannot be an item; may turn it into one. */
  protected abstract item(value: unknown, index: number): T

  /** The number of items. */
  override get length(): number {
    let length = 0
    while (Object.hasOwn(this, length)) length++
    return length
  }

  /** The item at `index`; negative counts from the end. */
  at(index: number): T | undefined {
    return [...this].at(index)
  }

  /** Adds an item at the end. */
  append(value: T): this {
    return this.extend([value])
  }

  /** Adds items at the end. */
  extend(values: Iterable<T>): this {
    let index = this.length
    for (const value of values) {
      Object.assign(this, { [index]: this.item(value, index) })
      index++
    }
    return this
  }

  /** The items, in order. */
  *[Symbol.iterator](): Iterator<T> {
    for (let i = 0; Object.hasOwn(this, i); i++) yield this[i]!
  }

  /** Calls go to the items. @throws {TypeError} always */
  forward(): never {
    throw new TypeError(`${this.constructor.name}: expected a call of one of its items; it has no forward of its own`)
  }
}

/**
 * Modules under the names 0, 1, …: for loops over them. An array of modules in a field serves as well.
 *
 * ```ts
 * blocks = new nn.ModuleList([new nn.Linear(8, 8), new nn.Linear(8, 8)])
 * forward(x: Tensor) {
 *   for (const block of this.blocks) x = block(x)
 *   return x
 * }
 * ```
 */
export class ModuleList<M extends Module = Module> extends List<M> {
  /** @throws {TypeError} when an item is no module */
  constructor(modules: Iterable<M> = []) {
    super(modules)
  }

  /** Puts a module before the one at `index`, and moves those from there on by one. */
  insert(index: number, module: M): this {
    Object.assign(this, [...this].toSpliced(index, 0, checkChild('ModuleList', String(index), module)))
    return this
  }

  protected item(value: unknown, index: number): M {
    return checkChild('ModuleList', String(index), value as M)
  }

  /** As PyTorch prints it: neighbours that print alike share a line. */
  override toString(): string {
    return printList(this.constructor.name, [...this].map(String))
  }
}

/** Parameters under the names 0, 1, …; tensors become parameters. */
export class ParameterList extends List<Parameter> {
  /** @throws {TypeError} when an item is no tensor */
  constructor(parameters: Iterable<Tensor> = []) {
    super(Array.from(parameters, (p, i) => toParameter('ParameterList', String(i), p)))
  }

  protected item(value: unknown, index: number): Parameter {
    return toParameter('ParameterList', String(index), value)
  }

  override extraRepr(): string {
    return Array.from(
      this,
      ({ dtype, shape }, i) => `  (${i}): Parameter containing: [torch.${dtype} of size ${shape.join('x')}]`,
    ).join('\n')
  }
}

/** @throws {TypeError} unless `value` is a tensor */
export function toParameter(owner: string, name: string, value: unknown): Parameter {
  if (!(value instanceof Tensor))
    throw new TypeError(`${owner}: expected '${name}' to be a parameter or a tensor, got ${describe(value)}`)
  return value instanceof Parameter ? value : new Parameter(value)
}
