import { alloc } from '../alloc.js'
import { zeros } from '../create.js'
import { wide } from '../dtype.js'
import { describe, ExecutionError } from '../errors.js'
import { kernels } from '../native.js'
import { checkTensor } from '../ops/check.js'
import { scope } from '../scope.js'
import { Tensor } from '../tensor.js'
import { groupBy, handles, kindOf } from './lists.js'

/** Options of {@link clipGradNorm}. */
export interface ClipGradNormOptions {
  /** p > 0 of the norm (Σ |x|ᵖ)^(1/p); Infinity: the greatest magnitude. Default 2. */
  normType?: number
  /** Whether to wait for the norm, blocking, and to throw when it is not finite. Default false. */
  errorIfNonFinite?: boolean
}

/**
 * Scales all gradients of the parameters so that their norm, taken as if they were one vector, is at most `maxNorm`.
 * Returns the norm before that, of shape [], on the first gradient's device; parameters without a gradient do not count.
 * Where the norm is NaN, so are the gradients afterwards.
 *
 * Waits for nothing unless `errorIfNonFinite` is set. PyTorch has it as `torch.nn.utils.clip_grad_norm_`.
 * Source: Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural networks", ICML 2013.
 * @throws {RangeError} unless maxNorm >= 0 and normType > 0
 * @throws {ExecutionError} when told to, for a norm that is not finite; the gradients are as they were then
 */
export function clipGradNorm(
  parameters: Tensor | Iterable<Tensor>,
  maxNorm: number,
  { normType = 2, errorIfNonFinite = false }: ClipGradNormOptions = {},
): Tensor {
  atLeastZero('clipGradNorm', 'maxNorm', maxNorm)
  if (!(typeof normType === 'number' && normType > 0))
    throw new RangeError(`clipGradNorm: expected normType > 0, got ${describe(normType)}`)
  return scope(() => {
    const lists = gradients('clipGradNorm', parameters)
    const total = totalNorm(lists, normType)
    if (errorIfNonFinite && !Number.isFinite(total.itemSync()))
      throw new ExecutionError(`clipGradNorm: expected gradients with a finite norm, got ${total.itemSync()}`)
    for (const grads of lists) {
      const { device, dtype } = grads[0]!
      kernels.clip_norm(maxNorm, handles(grads), total.to(wide(dtype)).to(device).handle)
      for (const grad of grads) grad.markModified()
    }
    return total
  })
}

/**
 * Clamps every element of the parameters' gradients to [−clipValue, clipValue]. NaN stays.
 * PyTorch has it as `torch.nn.utils.clip_grad_value_`.
 * @throws {RangeError} unless clipValue >= 0
 */
export function clipGradValue(parameters: Tensor | Iterable<Tensor>, clipValue: number): void {
  atLeastZero('clipGradValue', 'clipValue', clipValue)
  for (const grads of gradients('clipGradValue', parameters)) {
    kernels.clip_value(clipValue, handles(grads))
    for (const grad of grads) grad.markModified()
  }
}

/** Each parameter's gradient once, by what one native call takes. */
function gradients(op: string, parameters: Tensor | Iterable<Tensor>): Tensor[][] {
  const distinct = new Set(parameters instanceof Tensor ? [parameters] : parameters)
  for (const p of distinct) checkTensor(op, 'parameters', p)
  return groupBy(
    [...distinct].flatMap(({ grad }) => grad ?? []),
    kindOf,
  )
}

function totalNorm(lists: readonly Tensor[][], p: number): Tensor {
  const norms = lists.map((tensors) => {
    const { device, dtype } = tensors[0]!
    const norm = alloc('clipGradNorm', [], wide(dtype), device)
    kernels.total_norm(p, handles(tensors), norm.handle)
    return norm
  })
  if (norms.length < 2) return norms[0] ?? zeros([])
  // The norm of the norms.
  const dtype = norms.some((norm) => norm.dtype === 'float64') ? 'float64' : 'float32'
  const { device } = norms[0]!
  const total = alloc('clipGradNorm', [], dtype, device)
  kernels.total_norm(p, handles(norms.map((norm) => norm.to(dtype).to(device))), total.handle)
  return total
}

function atLeastZero(op: string, name: string, value: unknown): void {
  if (!(typeof value === 'number' && value >= 0))
    throw new RangeError(`${op}: expected ${name} >= 0, got ${describe(value)}`)
}
