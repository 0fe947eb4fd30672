import { isFloat } from '../dtype.js'
import { AutogradError } from '../errors.js'
import { refusePromise, type Synchronous } from '../scope.js'
import { showShape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { noGrad } from './mode.js'
import type { Gradients, Node } from './node.js'

let detecting = false

/** Whether the running code is within `detectAnomaly`. */
export const isAnomalyDetected = (): boolean => detecting

function within<T>(mode: boolean, fn: () => T): T {
  const outer = detecting
  detecting = mode
  try {
    return refusePromise('detectAnomaly', fn())
  } finally {
    detecting = outer
  }
}

/**
 * Runs a synchronous function, a forward pass and its `backward()`, and throws at the first op that makes a NaN or an
 * infinity, in its forward or its backward pass. The error names the op; if it was the backward pass, the error's `cause`
 * has the stack of the call of the op. Waits for every op, so it is slow: to find a mistake, not to train with.
 *
 * ```ts
 * autograd.detectAnomaly(() => loss(model(x), target).backward())
 * ```
 *
 * @throws {AutogradError} at the anomaly; {@link ExecutionError} at an op that failed
 */
export const detectAnomaly = <T>(fn: () => Synchronous<T>): T => within<T>(true, fn)

/** Runs the work of one op whose result is looked at as a whole. */
export const unwatched = <T>(fn: () => T): T => (detecting ? within(false, fn) : fn())

/** The stack of the running call. */
export function originOf(op: string): Error {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 100
  const origin = new Error(`${op} was called here`)
  Error.stackTraceLimit = stackTraceLimit
  return origin
}

/** The first NaN or infinity as it reads in a message. */
function anomalyIn(x: Tensor | undefined): string | undefined {
  if (!x || x.disposed || !isFloat(x.dtype)) return undefined
  const values = unwatched(() => noGrad(() => x.dataSync()))
  const index = values.findIndex((value) => !Number.isFinite(value))
  return index < 0 ? undefined : `${values[index]} at element ${index} of ${showShape(x.shape)}`
}

/** @throws {AutogradError} when an op's result has what its inputs have not */
export function checkForward(op: string, y: Tensor, inputs: readonly (Tensor | undefined)[]): void {
  const found = anomalyIn(y)
  if (!found) return
  const given = inputs.map(anomalyIn)
  const from = given.findIndex((each) => each !== undefined)
  throw new AutogradError(
    from < 0
      ? `detectAnomaly: ${op} made the first anomaly in its forward pass: ${found}`
      : `detectAnomaly: ${op} got an anomaly that no op in the region made: its input ${from} has ${given[from]}`,
  )
}

/** @throws {AutogradError} when gradients have what the gradient of the op's result has not */
export function checkBackward(node: Node, dy: Tensor, gradients: Gradients): void {
  const { op, origin: cause } = node
  const where = cause ? "; the error's cause shows where it was called" : '; it was called outside of detectAnomaly'
  const arrived = anomalyIn(dy)
  if (arrived)
    throw new AutogradError(
      `detectAnomaly: the gradient that arrived at ${op} is the first anomaly: ${arrived}${where}`,
      { cause },
    )
  node.edges.forEach((edge, i) => {
    const found = edge && anomalyIn(gradients[i] || undefined)
    if (!found) return
    throw new AutogradError(
      `detectAnomaly: ${op} made the first anomaly in its backward pass, in the gradient of input ${i}: ${found}${where}`,
      { cause },
    )
  })
}
