import { inspect } from 'node:util'
import { noGrad } from '../autograd.js'
import { zeros } from '../create.js'
import type { DType } from '../dtype.js'
import { scope } from '../scope.js'
import type { Shape } from '../shape.js'
import { Tensor } from '../tensor.js'
import { type Callable, observeCalls } from './callable.js'
import { isModule, ownModules, ownParameters } from './members.js'
import { inMode } from './mode.js'
import { Model } from './model.js'
import { multiplyAdds } from './multiplyAdds.js'
import type { Module } from './module.js'
import { table } from './table.js'
import { positiveInteger } from './validate.js'

/** Options of {@link summary}. */
export interface SummaryOptions {
  /** Samples per batch; by default unknown, which the shapes show as −1. */
  batch?: number
  /** Of the input; default: the first parameter's. */
  dtype?: DType
}

/** A module that has no children, or parameters of its own. */
export interface LayerSummary {
  /** Path in the model: `features.conv1`. */
  name: string
  /** Class: `Conv2d`. */
  type: string
  /** −1 stands for the batch. Undefined when the layer was not called or gave no tensor. */
  outputShape: readonly number[] | undefined
  /** Elements of its parameters; 0 where an earlier line counts them. */
  parameters: number
  /** Products with weights of convolutions and linear layers, each with its sum, for one sample. */
  multiplyAdds: number
}

/** A model's layers in the order of their calls; prints as a table. */
export class Summary {
  constructor(
    /** The model's class. */
    readonly model: string,
    /** In the order of their calls. */
    readonly layers: readonly LayerSummary[],
    /** Elements of all parameters. */
    readonly total: number,
    /** Elements of those that require gradients. */
    readonly trainable: number,
  ) {}

  /** Of all layers, for one sample. */
  get multiplyAdds(): number {
    return this.layers.reduce((sum, layer) => sum + layer.multiplyAdds, 0)
  }

  /** Elements of parameters that require no gradients. */
  get nonTrainable(): number {
    return this.total - this.trainable
  }

  /** The table. */
  toString(): string {
    return table(this)
  }

  /** What `console.log` shows: the table. */
  [inspect.custom](): string {
    return this.toString()
  }
}

/**
 * Runs the model once on zeros, in evaluation mode, and lists its layers.
 *
 * @param inputShape without the batch: [1, 28, 28]; for several inputs, one for each; a `Model` knows its own
 * @throws {TypeError} when there is none, and the model is no `Model`
 */
export function summary(
  model: Module,
  inputShape: Shape | readonly Shape[] = shapesOf(model),
  options: SummaryOptions = {},
): Summary {
  const batch = positiveInteger('summary', 'batch', options.batch ?? 1)
  const shapes = (Array.isArray(inputShape[0]) ? inputShape : [inputShape]) as readonly Shape[]
  const calls = observedCalls(
    model,
    shapes.map((shape) => [batch, ...shape]),
    options.dtype,
  )
  const called = new Set(calls.map(({ module }) => module))
  const idle = [...model.modules()]
    .filter((module) => !called.has(module))
    .map((module): ObservedCall => ({ module, shape: undefined, products: 0 }))
  const names = new Map([...model.namedModules()].map(([name, module]) => [module, name]))
  const counted = new Set<Tensor>()
  const layers: LayerSummary[] = []
  for (const { module, shape, products } of [...calls, ...idle]) {
    const own = Array.from(ownParameters(module), ([, parameter]) => parameter)
    if (!own.length && (!shape || [...ownModules(module)].length)) continue
    layers.push({
      name: names.get(module) ?? '',
      type: module.constructor.name,
      outputShape: options.batch === undefined && shape?.[0] === batch ? [-1, ...shape.slice(1)] : shape,
      parameters: elements(own.filter((parameter) => !counted.has(parameter))),
      multiplyAdds: products / batch,
    })
    for (const parameter of own) counted.add(parameter)
  }
  const all = [...model.parameters()]
  return new Summary(model.constructor.name, layers, elements(all), elements(all.filter((p) => p.requiresGrad)))
}

function shapesOf(model: Module): readonly Shape[] {
  if (model instanceof Model) return model.inputShapes.map(([, ...sample]) => sample)
  throw new TypeError(`summary: expected the shape of an input of ${model.constructor.name}, got none`)
}

const elements = (tensors: readonly Tensor[]): number => tensors.reduce((sum, tensor) => sum + tensor.size, 0)

interface ObservedCall {
  readonly module: Module
  /** The output's, if it is a tensor. */
  readonly shape: Shape | undefined
  /** See `multiplyAdds`; of the whole batch. */
  readonly products: number
}

/** Every module call of one forward pass. */
function observedCalls(model: Module, shapes: readonly Shape[], dtype?: DType): ObservedCall[] {
  const calls: ObservedCall[] = []
  const watch = (module: Callable, [input]: readonly unknown[], output: unknown): void => {
    if (!isModule(module)) return
    const products = input instanceof Tensor && output instanceof Tensor ? multiplyAdds(module, input, output) : 0
    calls.push({ module, shape: output instanceof Tensor ? output.shape : undefined, products })
  }
  const [first] = model.parameters()
  scope(() => {
    const inputs = shapes.map((shape) => zeros(shape, { device: first?.device, dtype: dtype ?? first?.dtype }))
    const call = model as unknown as (...inputs: Tensor[]) => unknown
    observeCalls(watch, () => inMode(model, false, () => noGrad(() => void call(...inputs))))
  })
  return calls
}
