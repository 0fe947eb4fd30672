import { noGrad } from '../autograd.js'
import type { Synchronous } from '../scope.js'
import type { Tensor } from '../tensor.js'
import { type Captured, type CaptureOptions, captured } from './plans.js'
import type { Result } from './result.js'

/**
 * A model, or any function of tensors, made ready for inference. As `capture`, and besides:
 *
 * - batch norm, a sum and ReLU that follow a convolution become part of it (Jacob et al.: "Quantization and training of neural
 *   networks for efficient integer-arithmetic-only inference", CVPR 2018, section 3.2),
 * - filters are brought once and for all into the form that the convolution reads.
 *
 * ```ts
 * const predict = compile(model.eval())
 * const logits = predict(images)
 * ```
 *
 * No gradients are recorded. Results equal the model's but for rounding. Parameters that change, by training or
 * `loadStateDict`, are noticed: the next call runs as it is, and the one after that is compiled anew.
 *
 * PyTorch has it as `torch.compile`, with `torch.ao.quantization.fuse_modules`.
 *
 * @param model whose modules are in evaluation mode
 * @throws {Error} when a module is in training mode; and what {@link capture} throws
 */
export function compile<R extends Result>(
  model: (input: Tensor) => Synchronous<R>,
  options?: CaptureOptions,
): Captured<[input: Tensor], R>
/** As above, of several inputs. */
export function compile<A extends readonly Tensor[], R extends Result>(
  model: (...inputs: A) => Synchronous<R>,
  options?: CaptureOptions,
): Captured<A, R>
export function compile<A extends readonly Tensor[], R extends Result>(
  model: (...inputs: A) => Synchronous<R>,
  options: CaptureOptions = {},
): Captured<A, R> {
  const step =
    typeof model === 'function' ? (...inputs: A) => noGrad(() => model(...inputs) as never) as Synchronous<R> : model
  return captured('compile', step, true, options)
}
