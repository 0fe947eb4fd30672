import { FormatError } from '../errors.js'
import { summary } from '../io/json.js'
import type { Module } from '../nn/module.js'
import { type SymbolicTensor, symbolicCall } from '../nn/symbolic.js'
import { showShape, sizeOf } from '../shape.js'
import { scope } from '../scope.js'
import type { Tensor } from '../tensor.js'
import type { Fields, Size } from './fields.js'
import { slotsOf } from './layouts.js'
import type { KerasWeights } from './manifest.js'
import { ChannelsLastOrder } from './modules.js'
import { arranged, WeightIndex } from './stateDict.js'

/** A tensor on its way through a network. Of samples in Keras [H, W, C], ours are [C, H, W]. */
export interface Value {
  readonly symbol: SymbolicTensor
  /** Of a sample, as Keras has it. */
  readonly shape: readonly Size[]
  /** [C, H, W], where it is that image flattened in our order, and what Keras flattens in the order H, W, C. */
  readonly image?: readonly number[] | undefined
}

/** A layer that is ready to be called. */
export type Made = (...inputs: Value[]) => Value

/** Makes the modules of a layer, for inputs of the shapes that it is called with first. */
export type Builder = (layer: Layer, ...inputs: Value[]) => Made

/** Elements of the parameters of a network without weights, which would bound them. */
const MOST_PARAMETERS = 2 ** 29

/** The weights that a network is built with, and what is common to its layers. */
export class Sources {
  readonly weights: KerasWeights | undefined
  readonly #index: WeightIndex
  readonly used = new Set<string>()
  #parameters = 0

  constructor(
    readonly path: string,
    weights: KerasWeights | undefined,
    /** The version of Keras that wrote the configuration. */
    readonly version: 2 | 3,
  ) {
    this.weights = weights
    this.#index = new WeightIndex(weights ?? {})
  }

  find(layer: string, names: readonly string[]): string | undefined {
    return this.#index.find(layer, names)
  }

  count(parameters: number): void {
    this.#parameters += parameters
    if (this.#parameters > MOST_PARAMETERS)
      throw new FormatError(`${this.path}: expected at most ${MOST_PARAMETERS} parameters, got ${this.#parameters}`)
  }
}

/** Modules by name, in the order of their first calls. */
export class Modules {
  readonly named = new Map<string, Module>()
  readonly #names = new Map<Module, string>()

  /** @param reserved what modules use themselves */
  constructor(readonly reserved: object) {}

  add(name: string, module: Module): void {
    if (this.#names.has(module)) return
    let free = name.replaceAll('.', '_') || 'layer'
    while (free in this.reserved || this.named.has(free)) free += '_'
    this.named.set(free, module)
    this.#names.set(module, free)
  }
}

/** A layer of a configuration, while its modules are made. */
export class Layer {
  constructor(
    readonly name: string,
    readonly fields: Fields,
    readonly sources: Sources,
    readonly modules: Modules,
  ) {}

  /** A call of one of the layer's modules. The main one has the layer's name, others a suffix. */
  call(
    module: Module,
    inputs: readonly Value[],
    shape: readonly Size[],
    suffix = '',
    image?: readonly number[],
  ): Value {
    this.modules.add(this.name + suffix, module)
    const ours = shape.length > 1 ? [shape.at(-1)!, ...shape.slice(0, -1)] : shape
    const symbol = symbolicCall(
      module,
      inputs.map((x) => x.symbol),
      [-1, ...ours.map((n) => n ?? -1)],
    )
    return { symbol, shape, image }
  }

  /** With a flattened image in Keras' order, where others than the next dense layer read it. */
  settled(x: Value): Value {
    return x.image ? this.call(new ChannelsLastOrder(x.image), [x], x.shape, '_order') : x
  }

  /** @throws {FormatError} unless a sample has so many dimensions */
  checkRank({ shape }: Value, ...ranks: number[]): void {
    if (!ranks.includes(shape.length))
      this.fail(`an input of ${ranks.map((r) => r + 1).join(' or ')} dimensions`, shape)
  }

  /** The last dimension of samples. */
  channels({ shape }: Value): number {
    return shape.at(-1) ?? this.fail('an input whose last dimension is known', shape)
  }

  fail(expected: string, got: unknown): never {
    throw new FormatError(`${this.fields.where}: expected ${expected}, got ${summary(got)}`)
  }

  /**
   * Looks, before modules are made, whether the weights are there, under one of their names, and of these shapes; false
   * stands for one that the layer does not have.
   */
  expect(expected: readonly (false | readonly [names: string | readonly string[], shape: readonly number[]])[]): void {
    for (const each of expected) {
      if (!each) continue
      const [names, shape] = [[each[0]].flat(), each[1]]
      const { weights } = this.sources
      if (!weights) {
        this.sources.count(sizeOf(shape))
        continue
      }
      const found = this.sources.find(this.name, names)
      const own = found === undefined ? undefined : weights[found]!.shape
      if (own?.join() !== shape.join())
        this.fail(`a weight ${this.name}/${names[0]} of shape ${showShape(shape)}`, own ?? 'none')
      this.sources.used.add(found!)
    }
  }

  /** Copies the weights into a module; `before` rearranges them first, in Keras' layout. */
  load(module: Module, before: (x: Tensor, name: string) => Tensor = (x) => x): void {
    const { weights } = this.sources
    if (!weights) return
    scope(() => {
      const state: Record<string, Tensor> = {}
      for (const { state: key, keras, toOurs } of slotsOf(module)) {
        const name = this.sources.find(this.name, keras)
        if (name !== undefined) state[key] = arranged(weights[name]!, name, (x) => toOurs(before(x, keras[0])))
      }
      module.loadStateDict(state, { strict: false })
      return undefined
    })
  }
}
