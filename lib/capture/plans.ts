import { currentRegion } from '../autocast.js'
import { isGradEnabled } from '../autograd.js'
import { getDefaultDevice, type Device } from '../device.js'
import { AutogradError, describe, DeviceError } from '../errors.js'
import { refusePromise, scope, type Synchronous } from '../scope.js'
import { isAnomalyDetected } from '../tape/anomaly.js'
import { Tensor } from '../tensor.js'
import { type Holdings, Plan } from './plan.js'
import { Recording, recordAs, recording } from './recording.js'
import { mapTensors } from './result.js'

/** Options of {@link capture} and {@link compile}. */
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

/** A step that is recorded: see `capture` and, with `folds`, `compile`. */
export function captured<A extends readonly Tensor[], R>(
  op: string,
  step: (...inputs: A) => Synchronous<R>,
  folds: boolean,
  options: CaptureOptions,
): Captured<A, R> {
  if (typeof step !== 'function') throw new TypeError(`${op}: expected a function, got ${describe(step)}`)
  const { maxPlans = 8 } = options
  if (!(Number.isSafeInteger(maxPlans) && maxPlans > 0))
    throw new RangeError(`${op}: expected maxPlans to be an integer ≥ 1, got ${describe(maxPlans)}`)
  const plans = new Plans(op, step as unknown as (...inputs: readonly Tensor[]) => R, folds, maxPlans)
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
    readonly op: string,
    readonly step: (...inputs: readonly Tensor[]) => R,
    /** Whether parameters are constants, with no modules in training. */
    readonly folds: boolean,
    readonly maxPlans: number,
  ) {}

  get size(): number {
    return this.#plans.length
  }

  call(inputs: readonly Tensor[]): R {
    const device = checkInputs(this.op, inputs)
    if (recording()) return this.step(...inputs) // is part of another step
    const key = kindOf(inputs)
    const i = this.#plans.findLastIndex((each) => each.key === key && each.plan.fits())
    if (i >= 0) {
      const [found] = this.#plans.splice(i, 1)
      this.#plans.push(found!)
      return found!.plan.replay(inputs)
    }
    if (this.#rehearsed.delete(key)) return this.#record(key, inputs, device)
    const rehearsal = new Recording(false, this.folds)
    const result = scope(() => this.#detached(recordAs(rehearsal, () => this.#run(inputs))) as never) as R
    this.#rehearsed.add(key)
    return result
  }

  #record(key: string, inputs: readonly Tensor[], device: Device): R {
    const plan = new Plan<R>((...copies) => this.#run(copies), inputs, device, this.folds)
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
    return refusePromise(this.op, this.step(...inputs))
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
function checkInputs(op: string, inputs: readonly unknown[]): Device {
  let device: Device | undefined
  for (const [i, x] of inputs.entries()) {
    if (!(x instanceof Tensor)) throw new TypeError(`${op}: expected tensors as inputs, got ${describe(x)}`)
    if (x.requiresGrad)
      throw new AutogradError(
        `${op}: expected input ${i} off the tape, got one that requires gradients; detach() it, or set requiresGrad on a ` +
          'detached one in the step',
      )
    device ??= x.device
    if (x.device !== device)
      throw new DeviceError(`${op}: expected all inputs on one device, got ${device} and ${x.device}`)
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
