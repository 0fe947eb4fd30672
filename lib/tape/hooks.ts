import { AutogradError, describe } from '../errors.js'
import { Hooks, type HookHandle } from '../hooks.js'
import { checkGradient, checkTensor } from '../ops/check.js'
import { Tensor } from '../tensor.js'

/**
 * Sees a tensor's gradient before it goes on, and may give another one, of the same shape, in its place. The gradient is
 * freed afterwards: `keep(gradient)` lets it live on.
 */
// eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- most hooks only look
export type GradientHook = (gradient: Tensor) => Tensor | undefined | void

/** What the hooks make of a gradient, which stays as it is. */
export function applyHooks(hooks: Hooks<GradientHook>, gradient: Tensor): Tensor {
  let result = gradient
  for (const hook of hooks) {
    const given = hook(result) as unknown
    if (given === undefined) continue
    if (!(given instanceof Tensor))
      throw new TypeError(`registerHook: expected the hook to return a gradient or nothing, got ${describe(given)}`)
    checkGradient('registerHook', gradient, given)
    result = given
  }
  return result
}

function checkGraded(op: string, x: Tensor): void {
  checkTensor(op, 'tensor', x)
  if (!x.requiresGrad)
    throw new AutogradError(`${op}: expected a tensor that requires a gradient, got one without a graph`)
}

/** See `Tensor.registerHook`. */
export function registerHook(x: Tensor, hook: GradientHook): HookHandle {
  checkGraded('registerHook', x)
  const holder = x.owner.node ?? x
  return (holder.hooks ??= new Hooks()).add('registerHook', hook)
}

/** See `Tensor.retainGrad`. */
export function retainGrad(x: Tensor): void {
  checkGraded('retainGrad', x)
  if (x.owner.node) x.owner.node.retaining = new WeakRef(x)
}
