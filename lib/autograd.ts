import { checkForward, isAnomalyDetected, originOf } from './tape/anomaly.js'
import { isGradEnabled } from './tape/mode.js'
import { Node, type Gradients } from './tape/node.js'
import type { Tensor } from './tensor.js'

export { enableGrad, isGradEnabled, noGrad } from './tape/mode.js'

/** Whether `record` has anything to do for an op of these operands: to ask first saves making what it takes. */
export const isTracked = (x: Tensor, z: Tensor): boolean =>
  (isGradEnabled() && (x.requiresGrad || z.requiresGrad)) || isAnomalyDetected()

function anyGraded(inputs: readonly (Tensor | undefined)[]): boolean {
  for (let i = 0; i < inputs.length; i++) if (inputs[i]?.requiresGrad) return true
  return false
}

/**
 * Notes on the tape how y was made, if gradients are on and an input wants one. Returns y.
 *
 * @param inputs the differentiable operands
 * @param saved the tensors that `backward` needs; it gets them back as its third argument and must not use others
 * @param backward from y's gradient (in y's layout), the gradients of the inputs that `needs` marks
 */
export function record<const S extends readonly (Tensor | undefined)[]>(
  op: string,
  y: Tensor,
  inputs: readonly (Tensor | undefined)[],
  saved: S,
  backward: (dy: Tensor, needs: readonly boolean[], saved: S) => Gradients,
): Tensor {
  const watched = isAnomalyDetected()
  if (watched) checkForward(op, y, inputs)
  if (!isGradEnabled() || !anyGraded(inputs)) return y
  const node = new Node(op, y.layout, inputs, saved, backward)
  if (watched) node.origin = originOf(op)
  y.owner.node = node
  return y
}
