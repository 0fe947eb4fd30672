import type { Tensor } from './tensor.js'

/** What an op was given: a tensor, a number, or nothing where an operand is optional. */
export type Traced = Tensor | number | undefined

/** Told of ops as they are called. */
export interface Tracer {
  /** Memory was taken for a tensor by the op of that name, which need not be a whole op of ours. */
  made(tensor: Tensor, op: string): void
  /** An op, of numbers in `options`, made a tensor of others. Of several reports on one tensor the last is of the whole op. */
  op(op: string, result: Tensor, operands: readonly Traced[], options?: object): void
  /** The tensor's values do not depend on other tensors. */
  constant(tensor: Tensor): void
}

/** Who is told of ops now: nobody, unless `traceOps` runs. */
export let tracer: Tracer | undefined

/** Runs a synchronous function with its ops reported to `to`. */
export function traceOps<T>(to: Tracer, fn: () => T): T {
  const outer = tracer
  tracer = to
  try {
    return fn()
  } finally {
    tracer = outer
  }
}
