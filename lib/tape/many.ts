import { alloc } from '../alloc.js'
import { record } from '../autograd.js'
import type { Device } from '../device.js'
import { kernels } from '../native.js'
import { disown, keep, own } from '../scope.js'
import type { Tensor } from '../tensor.js'
import type { Gradients } from './node.js'

type Operand = Tensor | undefined

/** What must be known of a tensor to make or check its gradient. A node that held the tensor would keep it alive. */
export type Likeness = Pick<Tensor, 'shape' | 'dtype' | 'device' | 'layout'>

export const likeness = ({ shape, dtype, device, layout }: Tensor): Likeness => ({ shape, dtype, device, layout })

function zeros(op: string, { shape, dtype, device, layout }: Likeness): Tensor {
  const y = alloc(op, shape, dtype, device, layout)
  if (y.size > 0) kernels.fill(y.size, 0, y.handle)
  return y
}

/** A gradient for a later node of the pass; the collector's, should that never run. */
export const putBy = (dy: Tensor): Tensor => keep(dy.detach())

/** A gradient that was put by; the running scope's from now on. */
export function takeUp(op: string, dy: Operand): Operand {
  if (dy) own(disown(dy), op)
  return dy
}

/**
 * As `record`, for an op of several results, of which gradients come back to those that are `graded`. `backward` gets all
 * their gradients, zeros where none arrived.
 *
 * The tape knows ops of one result. So each result is noted as made from a token, which is noted as made from the inputs;
 * a result's gradient is put by, and what goes back to the token only says that some was.
 */
export function recordMany(
  op: string,
  results: readonly Tensor[],
  graded: readonly boolean[],
  inputs: readonly Operand[],
  saved: readonly Operand[],
  backward: (gradients: Tensor[], needs: readonly boolean[], saved: readonly Operand[]) => Gradients,
): void {
  const first = results[graded.indexOf(true)]
  if (!first) return
  if (results.length === 1) {
    record(op, first, inputs, saved, (dy, needs, saved) => backward([dy], needs, saved))
    return
  }
  const like = results.map(likeness)
  const arrived: Operand[] = like.map(() => undefined)
  const token = makeToken(op, first.device)
  record(op, token, inputs, saved, (_, needs, saved) => {
    const gradients = like.map((each, i) => takeUp(op, arrived[i]) ?? zeros(op, each))
    arrived.fill(undefined)
    return backward(gradients, needs, saved)
  })
  results.forEach((y, i) => {
    if (!graded[i]) return
    record(op, y, [token], [], (dy) => {
      arrived[i] = putBy(dy)
      return [makeToken(op, dy.device)]
    })
  })
  token.dispose()
}

const makeToken = (op: string, device: Device): Tensor =>
  zeros(op, { shape: [], dtype: 'float32', device, layout: 'rowMajor' })
