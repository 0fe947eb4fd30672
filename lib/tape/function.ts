import { share } from '../alloc.js'
import { isFloat } from '../dtype.js'
import { AutogradError, describe } from '../errors.js'
import { checkGradient } from '../ops/check.js'
import { Tensor } from '../tensor.js'
import { Context } from './context.js'
import { likeness, type Likeness, recordMany } from './many.js'
import { noGrad } from './mode.js'
import type { Gradients } from './node.js'

type Gradient = Tensor | null | undefined

/** What a subclass of `autograd.Function` defines. */
export interface FunctionDefinition {
  /** The class', for errors. */
  readonly name: string
  /** Computes the result, off the tape. */
  forward(ctx: Context, ...args: never[]): Tensor | readonly Tensor[]
  /** From a gradient for each result, one for each argument of `forward`. */
  backward(ctx: Context, ...gradients: Tensor[]): Gradient | readonly Gradient[]
}

type Arguments<F extends FunctionDefinition> = Parameters<F['forward']> extends [Context?, ...infer A] ? A : never

/**
 * An op with a gradient of one's own, as PyTorch's `autograd.Function`. A subclass has two static methods; `apply` runs it.
 *
 * ```ts
 * class Square extends autograd.Function {
 *   static forward(ctx: autograd.Context, x: Tensor) {
 *     ctx.saveForBackward(x)
 *     return x.mul(x)
 *   }
 *   static backward(ctx: autograd.Context, dy: Tensor) {
 *     const [x] = ctx.savedTensors
 *     return dy.mul(x!).mul(2)
 *   }
 * }
 * const y = Square.apply(x)
 * ```
 *
 * `forward` takes tensors and anything else and returns a tensor or an array of them; both methods run off the tape.
 * `backward` gets a gradient for each result (zeros where none arrived) and returns one for each argument of `forward`:
 * a tensor of the argument's shape, or undefined where there is none to give, as for an argument that is no tensor.
 */
// eslint-disable-next-line @typescript-eslint/no-extraneous-class -- PyTorch's form
export abstract class CustomFunction {
  /**
   * Runs `forward` and notes on the tape how gradients come back.
   *
   * @throws {TypeError} when `forward` returns something else than tensors
   * @throws {AutogradError} in a backward pass, when `backward` returns a wrong number of gradients
   * @throws {ShapeError} {@link DTypeError} {@link DeviceError} in a backward pass, when a gradient does not fit
   */
  static apply<F extends FunctionDefinition>(this: F, ...args: Arguments<F>): ReturnType<F['forward']> {
    const { name } = this
    if (typeof this.forward !== 'function' || typeof this.backward !== 'function')
      throw new TypeError(`${name}: expected static methods forward and backward`)
    const inputs = (args as readonly unknown[]).map((x) => (x instanceof Tensor ? x : undefined))
    const needs = inputs.map((x) => x?.requiresGrad === true)
    const ctx = new Context(needs)
    const result: unknown = noGrad<unknown>(() => this.forward(ctx, ...(args as unknown as never[])))
    const made = (Array.isArray(result) ? result : [result]) as readonly unknown[]
    const results = made.map((y) => checkResult(name, y))
    // An argument that is handed on gets a tape record of its own.
    const outputs = results.map((y) => (inputs.includes(y) || y.requiresGrad ? share(name, y, y.shape, y.layout) : y))
    const graded = outputs.map((y, i) => isFloat(y.dtype) && !ctx.isConstant(results[i]!))
    const likenesses = inputs.map((x) => x && likeness(x))
    const saved = ctx.savedTensors
    ctx.update([], needs)
    recordMany(name, outputs, graded, inputs, saved, backwardOf(this, ctx, likenesses))
    return (Array.isArray(result) ? outputs : outputs[0]) as ReturnType<F['forward']>
  }
}

/** Made apart from `apply`, so that the tape does not hold what was local there, the results above all. */
function backwardOf(definition: FunctionDefinition, ctx: Context, inputs: readonly (Likeness | undefined)[]) {
  return (gradients: Tensor[], needs: readonly boolean[], saved: readonly (Tensor | undefined)[]): Gradients => {
    ctx.update(saved, needs)
    try {
      return checkGradients(`${definition.name}.backward`, definition.backward(ctx, ...gradients), inputs)
    } finally {
      ctx.update([], needs)
    }
  }
}

function checkResult(name: string, y: unknown): Tensor {
  if (y instanceof Tensor) return y
  throw new TypeError(`${name}.forward: expected a tensor or an array of them, got ${describe(y)}`)
}

/** One gradient for each argument, as the argument wants it. */
function checkGradients(op: string, given: unknown, inputs: readonly (Likeness | undefined)[]): Gradients {
  const list = (Array.isArray(given) ? given : [given]) as readonly unknown[]
  if (list.length !== inputs.length)
    throw new AutogradError(
      `${op}: expected ${inputs.length} gradient${inputs.length === 1 ? '' : 's'}, one for each argument of forward, ` +
        `got ${list.length}`,
    )
  return list.map((dx, i) => {
    if (dx === undefined || dx === null) return undefined
    const x = inputs[i]
    if (!x)
      throw new AutogradError(`${op}: expected no gradient of argument ${i}, which is no tensor, got ${describe(dx)}`)
    checkGradient(`${op}, argument ${i}`, x, dx)
    return dx
  })
}
