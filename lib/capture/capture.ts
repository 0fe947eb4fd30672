import type { Synchronous } from '../scope.js'
import type { Tensor } from '../tensor.js'
import { type Captured, type CaptureOptions, captured } from './plans.js'
import type { Result } from './result.js'

/**
 * Has a step of training or inference run natively as one task, without JavaScript per op. The first call with inputs of some
 * shapes runs the step as it is, the second records it, the others replay the recording; memory is planned for the whole step.
 * Results are bit for bit the same.
 *
 * ```ts
 * const step = capture((x: Tensor, y: Tensor) => {
 *   optimizer.zeroGrad()
 *   const loss = crossEntropy(model(x), y)
 *   loss.backward()
 *   optimizer.step()
 *   return loss
 * })
 * for await (const [x, y] of loader) console.log(await step(x, y).item())
 * ```
 *
 * A replay follows what ops draw (dropout, `randn`), what optimizers count and the rates that schedulers set. All else that
 * JavaScript does is done while recording alone: a step must not depend on anything but its inputs, and hooks and `console.log`
 * are silent. Another shape, dtype or layout of an input, `train()` and `eval()`, `noGrad`, `autocast`, frozen, replaced or moved
 * parameters lead to a recording of their own. Inputs are copied, so changing them in place changes the copies. Results are
 * off the tape.
 *
 * PyTorch has it as `torch.cuda.make_graphed_callables`, and in `torch.compile(mode='reduce-overhead')`.
 *
 * @param step a synchronous function of tensors that gives tensors, arrays or plain objects of them, or nothing
 * @throws {TypeError} when the step is no function, is asynchronous, gets or gives anything but tensors
 * @throws {AutogradError} when an input requires gradients
 * @throws {DeviceError} when inputs are on several devices
 * @throws {Error} ERR_CAPTURE when the step reads values (`item`, `data`), uses a second device, or does what JavaScript would do
 *   anew in every step: a scheduler's step, a `GradScaler`'s factor, a number from a `Generator`
 */
// eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- a step need not give anything
export function capture<A extends readonly Tensor[], R extends Result | void>(
  step: (...inputs: A) => Synchronous<R>,
  options: CaptureOptions = {},
): Captured<A, R> {
  return captured('capture', step, false, options)
}
