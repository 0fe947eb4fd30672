import { currentRegion } from '../autocast.js'
import { isGradEnabled } from '../autograd.js'
import { getDefaultDevice, type Device } from '../device.js'
import { AutogradError, describe, DeviceError } from '../errors.js'
import { refusePromise, scope, type Synchronous } from '../scope.js'
import { isAnomalyDetected } from '../tape/anomaly.js'
import { Tensor } from '../tensor.js'
import { type Holdings, Plan } from './plan.js'
import { Recording, recordAs, recording } from './recording.js'
import { mapTensors, type Result } from './result.js'

export interface CaptureOptions {
  /** How many recordings are kept, one for each set of input shapes and modes; the one not used for longest goes. Default 8. */
  maxPlans?: number
}

/** A step that runs natively: see {@link capture}. */
export interface Captured<A extends readonly Tensor[], R> extends Disposable {
  (...inputs: A): R
  /** Recordings at hand. */
  readonly plans: number
  /** Frees the recordings and their memory; the next call begins anew. The garbage collector does it too. */
  dispose(): void
}

/** Disposes of recordings whose function is gone. */
const registry = new FinalizationRegistry<Set<Holdings>>((held) => {
  for (const holdings of held) holdings.dispose()
})

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
 * @throws {Error} ERR_CAPTURE when the step reads values (`item`, `data`) or uses a second device
 */
// eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- a step need not give anything
export function capture<A extends readonly Tensor[], R extends Result | void>(
  step: (...inputs: A) => Synchronous<R>,
  options: CaptureOptions = {},
): Captured<A, R> {
  if (typeof step !== 'function') throw new TypeError(`capture: expected a function, got ${describe(step)}`)
  const { maxPlans = 8 } = options
  if (!(Number.isSafeInteger(maxPlans) && maxPlans > 0))
    throw new RangeError(`capture: expected maxPlans to be an integer ≥ 1, got ${describe(maxPlans)}`)
  const plans = new Plans(step as unknown as (...inputs: readonly Tensor[]) => R, maxPlans)
  const call = (...inputs: A): R => plans.call(inputs)
  const dispose = (): void => plans.dispose()
  Object.defineProperty(call, 'plans', { get: () => plans.size })
  registry.register(call, plans.held)
  return Object.assign(call, { dispose, [Symbol.dispose]: dispose }) as unknown as Captured<A, R>
}

/** The recordings of one step. */
class Plans<R> {
  /** What they hold, for the finalizer. */
  readonly held = new Set<Holdings>()
  /** The one used last comes last. */
  #plans: { readonly key: string; readonly plan: Plan<R> }[] = []
  /** Kinds of calls that ran as they are the last time. */
  readonly #rehearsed = new Set<string>()

  constructor(
    readonly step: (...inputs: readonly Tensor[]) => R,
    readonly maxPlans: number,
  ) {}

  get size(): number {
    return this.#plans.length
  }

  call(inputs: readonly Tensor[]): R {
    const device = checkInputs(inputs)
    if (recording()) return this.step(...inputs) // is part of another step
    const key = kindOf(inputs)
    const i = this.#plans.findLastIndex((each) => each.key === key && each.plan.fits())
    if (i >= 0) {
      const [found] = this.#plans.splice(i, 1)
      this.#plans.push(found!)
      return found!.plan.replay(inputs)
    }
    if (this.#rehearsed.delete(key)) return this.#record(key, inputs, device)
    const result = scope(() => this.#detached(recordAs(new Recording(false), () => this.#run(inputs))) as never) as R
    this.#rehearsed.add(key)
    return result
  }

  #record(key: string, inputs: readonly Tensor[], device: Device): R {
    const plan = new Plan<R>((...copies) => this.#run(copies), inputs, device)
    const result = plan.result()
    if (!plan.settled) {
      this.#rehearsed.add(key)
      plan.holdings.dispose()
      return result
    }
    // A recording of the same kind that fits no more is not likely to fit again, but for the modes of modules.
    while (this.#plans.length >= this.maxPlans) this.#drop(this.#plans.shift()!.plan)
    this.#plans.push({ key, plan })
    this.held.add(plan.holdings)
    return result
  }

  #run(inputs: readonly Tensor[]): R {
    return refusePromise('capture', this.step(...inputs))
  }

  #detached(result: R): R {
    return mapTensors(result, (tensor) => tensor.detach())
  }

  #drop(plan: Plan<R>): void {
    this.held.delete(plan.holdings)
    plan.holdings.dispose()
  }

  dispose(): void {
    for (const { plan } of this.#plans.splice(0)) this.#drop(plan)
    this.#rehearsed.clear()
  }
}

/** @returns the device that they are on */
function checkInputs(inputs: readonly unknown[]): Device {
  let device: Device | undefined
  for (const [i, x] of inputs.entries()) {
    if (!(x instanceof Tensor)) throw new TypeError(`capture: expected tensors as inputs, got ${describe(x)}`)
    if (x.requiresGrad)
      throw new AutogradError(
        `capture: expected input ${i} off the tape, got one that requires gradients; detach() it, or set requiresGrad on a ` +
          'detached one in the step',
      )
    device ??= x.device
    if (x.device !== device)
      throw new DeviceError(`capture: expected all inputs on one device, got ${device} and ${x.device}`)
  }
  return device ?? getDefaultDevice()
}

/** What must be equal for one recording to serve two calls, apart from what the step's modules say (guard.ts). */
const kindOf = (inputs: readonly Tensor[]): string =>
  [
    isGradEnabled(),
    isAnomalyDetected(),
    currentRegion()?.dtype,
    ...inputs.map(({ shape, dtype, device, layout }) => `${shape.join('×')} ${dtype} ${device} ${layout}`),
  ].join(', ')
