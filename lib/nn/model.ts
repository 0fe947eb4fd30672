import { describe, ShapeError } from '../errors.js'
import { showShape } from '../shape.js'
import { Tensor } from '../tensor.js'
import { Module } from './module.js'
import { type Call, SymbolicTensor } from './symbolic.js'

type Ends = SymbolicTensor | readonly SymbolicTensor[]
type Real<E extends readonly unknown[]> = { -readonly [K in keyof E]: Tensor }
type Inputs<I extends Ends> = I extends readonly unknown[] ? Real<I> : [x: Tensor]
type Outputs<O extends Ends> = O extends readonly unknown[] ? Real<O> : Tensor

/** Options of {@link Model}. */
export interface ModelOptions {
  /** Names for layers: `{ conv1, fc }`. Others are called after their class: conv2d, conv2d_1, … in the order of calls. */
  layers?: Readonly<Record<string, Module>>
}

/** A call with places among the values of a forward pass: the inputs come first. */
export interface Step {
  readonly module: Module
  readonly args: readonly unknown[]
  /** For each argument its place, −1 for one that is no tensor. */
  readonly from: readonly number[]
  readonly to: readonly number[]
}

/**
 * A network given by its inputs and outputs, in Keras's functional style: see `input`. The layers between them are its
 * children; a layer that is called twice is shared.
 *
 * ```ts
 * const [a, b] = [nn.input([8]), nn.input([8])]
 * const fc = new nn.Linear(8, 4) // shared
 * const model = new nn.Model([a, b], new nn.Concatenate(1)(fc(a), fc(b)), { layers: { fc } })
 * model(x, y)
 * ```
 *
 * Source of the style: Chollet, "Deep learning with Python", 2017, chapter 7.
 */
export class Model<const I extends Ends = Ends, const O extends Ends = Ends> extends Module {
  readonly #inputs: readonly SymbolicTensor[]
  readonly #steps: readonly Step[]
  readonly #outputs: readonly number[]
  readonly #single: boolean
  readonly #shapes: readonly (readonly number[])[]

  /**
   * @param inputs one or several: results of `input`, or of layers, where the network is to begin behind them
   * @param outputs what `forward` gives: a tensor, or for an array an array
   * @throws {TypeError} for what is no symbolic tensor
   * @throws {RangeError} when an output depends on something else than the inputs, an input leads nowhere or comes twice, or
   *   a name is of no layer or of more than one
   */
  constructor(inputs: I, outputs: O, options: ModelOptions = {}) {
    super()
    this.#inputs = listOf('inputs', inputs)
    this.#single = !Array.isArray(outputs)
    const ends = listOf('outputs', outputs)
    const calls = callsBetween(this.#inputs, ends)
    const places = new Map(this.#inputs.map((x, i) => [x, i]))
    if (places.size !== this.#inputs.length) throw new RangeError('Model: expected each input once, got one twice')
    const used = new Set<number>()
    const placeOf = (x: unknown, where: string): number => {
      if (!(x instanceof SymbolicTensor)) return -1
      const place = places.get(x)
      if (place === undefined)
        throw new RangeError(
          `Model: expected all ways to the outputs to begin at the inputs, got ${where} that comes from an input of ` +
            `shape ${showShape(x.shape)} which is not among them`,
        )
      used.add(place)
      return place
    }
    let free = this.#inputs.length
    this.#steps = calls.map(({ module, args, results }) => {
      const from = args.map((arg) => placeOf(arg, `an argument of ${module.constructor.name}`))
      for (const y of results) if (!places.has(y)) places.set(y, free++)
      return { module, args, from, to: results.map((y) => places.get(y)!) }
    })
    this.#outputs = ends.map((y) => placeOf(y, 'an output'))
    this.#shapes = Array.from(places.keys(), (x) => x.shape)
    const idle = this.#inputs.findIndex((_, i) => !used.has(i))
    if (idle >= 0)
      throw new RangeError(`Model: expected every input to lead to an output, got input ${idle} that does not`)
    for (const [name, module] of named(calls, options.layers ?? {}, this)) Object.assign(this, { [name]: module })
  }

  /** Of the inputs, with −1 for the batch. */
  get inputShapes(): readonly (readonly number[])[] {
    return this.#inputs.map((x) => x.shape)
  }

  /** @internal The calls, the places of the outputs, and the shape at each place. */
  get graph(): { steps: readonly Step[]; outputs: readonly number[]; shapes: readonly (readonly number[])[] } {
    return { steps: this.#steps, outputs: this.#outputs, shapes: this.#shapes }
  }

  /** @throws {TypeError} {@link ShapeError} when there are not as many inputs, or one is of another shape */
  forward(...inputs: Inputs<I>): Outputs<O> {
    const values: unknown[] = this.#checked(inputs)
    for (const { module, args, from, to } of this.#steps) {
      const given = args.map((arg, i) => (from[i]! < 0 ? arg : values[from[i]!]))
      const result: unknown = (module as (...args: never[]) => unknown)(...(given as never[]))
      const results = (Array.isArray(result) ? result : [result]) as readonly unknown[]
      to.forEach((place, i) => (values[place] = results[i]))
    }
    const outputs = this.#outputs.map((place) => values[place])
    return (this.#single ? outputs[0] : outputs) as Outputs<O>
  }

  #checked(inputs: readonly unknown[]): unknown[] {
    const expected = this.#inputs
    if (inputs.length !== expected.length)
      throw new TypeError(`Model: expected ${expected.length} inputs, got ${inputs.length}`)
    inputs.forEach((x, i) => {
      if (!(x instanceof Tensor)) throw new TypeError(`Model: expected input ${i} to be a tensor, got ${describe(x)}`)
      const { shape } = expected[i]!
      if (x.rank !== shape.length || shape.some((d, j) => d >= 0 && d !== x.shape[j]))
        throw new ShapeError(`Model: expected input ${i} of shape ${showShape(shape)}, got ${showShape(x.shape)}`)
    })
    return [...inputs]
  }
}

function listOf(what: string, ends: Ends): readonly SymbolicTensor[] {
  const list = (Array.isArray(ends) ? ends : [ends]) as readonly unknown[]
  const wrong = list.find((x) => !(x instanceof SymbolicTensor))
  if (wrong !== undefined || !list.length)
    throw new TypeError(`Model: expected symbolic tensors as ${what}, got ${list.length ? describe(wrong) : 'none'}`)
  return list as readonly SymbolicTensor[]
}

/** The calls that the outputs depend on, down to the inputs, in order. */
function callsBetween(inputs: readonly SymbolicTensor[], outputs: readonly SymbolicTensor[]): Call[] {
  const seen = new Set<Call>()
  const queue: unknown[] = [...outputs]
  while (queue.length) {
    const x = queue.pop()
    if (!(x instanceof SymbolicTensor) || !x.call || inputs.includes(x) || seen.has(x.call)) continue
    seen.add(x.call)
    queue.push(...x.call.args)
  }
  return [...seen].sort((a, b) => a.id - b.id)
}

/** BatchNorm2d → batch_norm2d, as Keras names layers. */
const layerName = (module: Module): string =>
  module.constructor.name.replace(/([a-z0-9])([A-Z][a-z])/g, '$1_$2').toLowerCase()

/** A name for every layer, the same whenever the same graph is built. */
function named(calls: readonly Call[], given: Readonly<Record<string, Module>>, model: Module): Map<string, Module> {
  const names = new Map<Module, string>()
  for (const [name, module] of Object.entries(given)) {
    if (!calls.some((call) => call.module === module) || names.has(module) || name in model || name.includes('.'))
      throw new RangeError(`Model: expected a free name without a dot for a layer of the graph, got '${name}'`)
    names.set(module, name)
  }
  const taken = new Set(names.values())
  const layers = new Map<string, Module>()
  for (const { module } of calls) {
    let name = names.get(module)
    for (let count = 0; name === undefined; count++) {
      const candidate = count ? `${layerName(module)}_${count}` : layerName(module)
      if (!taken.has(candidate) && !(candidate in model)) name = candidate
    }
    names.set(module, name)
    taken.add(name)
    layers.set(name, module)
  }
  return layers
}
