import { noGrad } from '../autograd.js'
import { zeros } from '../create.js'
import type { DType } from '../dtype.js'
import { describe } from '../errors.js'
import { scope } from '../scope.js'
import { checkShape, showShape } from '../shape.js'
import { Tensor } from '../tensor.js'
import { type Callable, traceCalls } from './callable.js'
import { isModule } from './members.js'
import { inMode } from './mode.js'
import type { Module } from './module.js'

/** A call of a module on symbolic tensors: one node of a graph of layers. */
export interface Call {
  /** Calls are made in order, so ascending ids are a topological order. */
  readonly id: number
  readonly module: Module
  readonly args: readonly unknown[]
  readonly results: readonly SymbolicTensor[]
}

/** A tensor that is yet to come: what `input` gives, and what layers make of it. Leads to a `Model`. */
export class SymbolicTensor {
  /** @internal */
  constructor(
    /** −1 stands for the batch. */
    readonly shape: readonly number[],
    /** Type of the elements. */
    readonly dtype: DType,
    /** @internal How it comes to be; undefined for an input. */
    readonly call: Call | undefined,
  ) {}

  /** Shape and dtype. */
  toString(): string {
    return `SymbolicTensor(shape=${showShape(this.shape)}, dtype=${this.dtype})`
  }
}

/** The same with symbolic tensors in the place of tensors. */
export type Symbolic<T> = T extends Tensor
  ? SymbolicTensor
  : T extends readonly unknown[]
    ? { [K in keyof T]: Symbolic<T[K]> }
    : T

/** As `Symbolic`, of a function's arguments; never where no tensor is among them. */
export type SymbolicArguments<A extends readonly unknown[]> = A extends Symbolic<A> ? never : Symbolic<A>

let calls = 0

/**
 * A place for a batch of tensors: the beginning of a graph of layers. A layer that is called on symbolic tensors gives
 * symbolic ones, of the shape that it makes of zeros in evaluation mode.
 *
 * ```ts
 * const x = nn.input([1, 28, 28])
 * const h = new nn.Conv2d(1, 8, 3, { padding: 'same' })(x)
 * const model = new nn.Model(x, new nn.Linear(8 * 28 * 28, 10)(new nn.Flatten()(h)))
 * ```
 *
 * @param shape of one sample, without the batch
 * @param options dtype: default float32
 * @throws {ShapeError} for what is no shape
 */
export function input(shape: readonly number[], options: { dtype?: DType } = {}): SymbolicTensor {
  traceCalls(trace)
  return new SymbolicTensor([-1, ...checkShape('input', shape)], options.dtype ?? 'float32', undefined)
}

/** What a call on symbolic tensors gives; undefined for a call on others. */
function trace(module: Callable, args: readonly unknown[]): unknown {
  if (!args.some((arg) => arg instanceof SymbolicTensor)) return undefined
  if (!isModule(module)) return undefined
  const name = module.constructor.name
  const real = args.find((arg) => arg instanceof Tensor)
  if (real) throw new TypeError(`${name}: expected symbolic tensors only, got one beside ${describe(real)}`)
  const output: unknown = outline(module, args)
  const results: SymbolicTensor[] = []
  const call: Call = { id: calls++, module, args, results }
  const symbolic = (outlined: unknown): SymbolicTensor => {
    if (!(outlined instanceof Outline))
      throw new TypeError(
        `${name}: expected a layer that gives a tensor or an array of them, got ${describe(outlined)}`,
      )
    const result = new SymbolicTensor([-1, ...outlined.shape.slice(1)], outlined.dtype, call)
    results.push(result)
    return result
  }
  return Array.isArray(output) ? output.map(symbolic) : symbolic(output)
}

/** @internal A call whose result is known to be of `shape` (−1 for the batch and what is not known), so that it need not run. */
export function symbolicCall(
  module: Module,
  args: readonly SymbolicTensor[],
  shape: readonly number[],
): SymbolicTensor {
  const results: SymbolicTensor[] = []
  const call: Call = { id: calls++, module, args, results }
  results.push(new SymbolicTensor(shape, args[0]!.dtype, call))
  return results[0]!
}

class Outline {
  constructor(
    readonly shape: readonly number[],
    readonly dtype: DType,
  ) {}
}

/** Shape and dtype of what the module makes of zeros, with nothing drawn and nothing changed. */
function outline(module: Module, args: readonly unknown[]): unknown {
  const [first] = module.parameters()
  const of = (y: unknown): unknown => (y instanceof Tensor ? new Outline(y.shape, y.dtype) : y)
  return scope(() =>
    inMode(module, false, () =>
      noGrad<unknown>(() => {
        const batch = args.map((arg) =>
          arg instanceof SymbolicTensor
            ? zeros([1, ...arg.shape.slice(1)], { dtype: arg.dtype, device: first?.device })
            : arg,
        )
        const y: unknown = module.forward(...(batch as never[]))
        return Array.isArray(y) ? y.map(of) : of(y)
      }),
    ),
  )
}
