import { noGrad } from '../../autograd.js'
import type { Module } from '../../nn/module.js'
import { inMode } from '../../nn/mode.js'
import { Scope, tensorsIn } from '../../scope.js'
import { Tensor } from '../../tensor.js'
import { type Traced, type Tracer, traceOps } from '../../tracer.js'

/** One op that a model called. */
export interface TracedOp {
  readonly op: string
  readonly result: Tensor
  readonly operands: readonly Traced[]
  readonly options: object
}

/** Ops that make tensors of numbers that the program gives. */
const CREATED = new Set('tensor full zeros ones fullLike zerosLike onesLike eye arange linspace'.split(' '))

/** What a model did with example inputs, off the tape and in evaluation mode. */
export class Trace implements Tracer, Disposable {
  readonly outputs: readonly Tensor[]
  readonly #ops = new Map<Tensor, TracedOp>()
  readonly #made = new Map<Tensor, string>()
  readonly #constants = new Map<Tensor, Tensor>()
  readonly #scope = new Scope()

  /** @throws {TypeError} when the model does not give tensors */
  constructor(
    model: Module,
    readonly inputs: readonly Tensor[],
  ) {
    try {
      const result = this.#scope.run(() =>
        traceOps(this, () => inMode(model, false, () => noGrad<unknown>(() => model(...(inputs as never)))) as never),
      )
      this.outputs = [...tensorsIn(result)]
      if (!this.outputs.length) throw new TypeError('exportModel: expected a model that gives tensors, got none')
    } catch (error) {
      this[Symbol.dispose]()
      throw error
    }
  }

  made(tensor: Tensor, op: string): void {
    if (this.#made.has(tensor)) return
    this.#made.set(tensor, op)
    if (CREATED.has(op)) this.constant(tensor)
  }

  op(op: string, result: Tensor, operands: readonly Traced[], options: object = {}): void {
    this.#ops.delete(result) // so that it comes behind what it was made of
    this.#ops.set(result, { op, result, operands, options })
  }

  constant(tensor: Tensor): void {
    this.#constants.set(tensor, tensor.alias())
  }

  /** The tensor that it is the same as. */
  source(tensor: Tensor): Tensor {
    let at = tensor
    for (let op = this.#ops.get(at); op?.op === 'identity'; op = this.#ops.get(at)) at = op.operands[0] as Tensor
    return at
  }

  /** The ops that outputs come from, in order. */
  get ops(): TracedOp[] {
    const needed = new Set(this.outputs.map((x) => this.source(x)))
    const reached: TracedOp[] = []
    for (const op of [...this.#ops.values()].reverse()) {
      if (!needed.has(op.result) || op.op === 'identity' || this.inputs.includes(op.result)) continue
      reached.push(op)
      for (const x of op.operands) if (x instanceof Tensor) needed.add(this.source(x))
    }
    return reached.reverse()
  }

  /** A tensor with the values of one that no op made; undefined when an op made it that is not known. */
  constantOf(tensor: Tensor): Tensor | undefined {
    return this.#constants.get(tensor) ?? (this.#made.has(tensor) ? undefined : tensor)
  }

  /** The op that took memory for the tensor. */
  makerOf(tensor: Tensor): string {
    return this.#made.get(tensor) ?? 'an op'
  }

  [Symbol.dispose](): void {
    for (const alias of this.#constants.values()) alias.dispose()
    this.#scope.dispose()
  }
}
