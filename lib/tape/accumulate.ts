import { unowned } from '../alloc.js'
import { noteGradient } from '../capture/recording.js'
import { DisposedError } from '../errors.js'
import { toLayout } from '../layout.js'
import { kernels } from '../native.js'
import { disown, type Scope } from '../scope.js'
import { showShape, type Layout } from '../shape.js'
import type { Tensor } from '../tensor.js'

/** sum + dx, in place when nobody else sees sum. Consumes both. */
export function add(sum: Tensor, dx: Tensor, inPlace = !sum.storage.shared): Tensor {
  const mine = inPlace ? sum : clone(sum)
  const term = toLayout(dx, mine.layout)
  kernels.accumulate(mine.size, term.handle, mine.handle)
  mine.storage.markModified()
  if (mine !== sum) sum.dispose()
  if (term !== dx) term.dispose()
  dx.dispose()
  return mine
}

/** Owned by nobody, as what it takes the place of. */
const clone = (x: Tensor): Tensor =>
  unowned(kernels.scale(x.size, 1, x.handle, 0), x.shape, x.dtype, x.device, x.layout)

/** Adds dx, which is consumed, to a tensor's .grad. */
export function accumulate(x: Tensor, dx: Tensor): void {
  if (x.disposed) {
    dx.dispose()
    throw new DisposedError(
      `backward: expected the gradient to reach a live leaf, got one of shape ${showShape(x.shape)} that was disposed, or ` +
        'whose scope has ended',
    )
  }
  const { gradient } = x
  if (!x.requiresGrad)
    dx.dispose() // frozen since
  else if (gradient) {
    noteGradient(x, gradient.storage)
    add(gradient, dx, true)
  } else x.receiveGradient(separate(dx, x.layout))
}

/** dx, which is consumed, in a layout and with memory of its own. Whoever calls this disposes it. */
export function separate(dx: Tensor, layout: Layout): Tensor {
  const laid = toLayout(dx, layout)
  if (laid !== dx) dx.dispose()
  const mine = laid.storage.shared ? clone(laid) : disown(laid)
  if (mine !== laid) laid.dispose()
  return mine
}

/** A gradient of one's own: what backward made, or another reference to what it handed on. */
export function take(dx: Tensor, scope: Scope): Tensor {
  return dx.owner.scope === scope ? disown(dx) : dx.alias()
}
