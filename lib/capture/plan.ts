import { alloc, share } from '../alloc.js'
import { native } from '../native.js'
import { deviceIndex, type Device } from '../device.js'
import { disown, Scope } from '../scope.js'
import type { Tensor } from '../tensor.js'
import { Folding } from './folding.js'
import { Guard } from './guard.js'
import { Recording, recordAs } from './recording.js'
import { mapTensors } from './result.js'

/** What a plan holds natively, apart from what it knows of modules, so that a finalizer may hold it. */
export class Holdings {
  readonly tensors: Tensor[] = []
  plan: number | undefined

  dispose(): void {
    for (const tensor of this.tensors.splice(0)) tensor.dispose()
    if (this.plan !== undefined) native.dropPlan(this.plan)
    this.plan = undefined
  }

  /** Another reference to a tensor's memory, until this is disposed of. */
  hold(tensor: Tensor): Tensor {
    this.tensors.push(tensor)
    return tensor
  }
}

/** One recorded step: its native tasks, its own inputs, and what it gives. */
export class Plan<R> {
  readonly holdings = new Holdings()
  readonly #inputs: readonly Tensor[]
  readonly #recording: Recording
  readonly #guard: Guard
  readonly #numbers: Float64Array
  /** The gradient that each tensor has afterwards. */
  readonly #gradients: [tensor: Tensor, gradient: Tensor | undefined][]
  readonly #result: R
  /** Of the result: whether the plan overwrites it at each replay. */
  readonly #fresh = new Set<Tensor>()

  /** Records the step on copies of the inputs and runs it once. What the step throws comes after that. */
  constructor(step: (...inputs: Tensor[]) => R, inputs: readonly Tensor[], device: Device, folds: boolean) {
    const { holdings } = this
    const isConstant = ({ storage }: Tensor): boolean =>
      !storage.recorded && !this.#inputs.some((x) => x.storage === storage)
    this.#recording = new Recording(
      true,
      folds,
      folds ? new Folding(isConstant, (tensor) => holdings.hold(tensor)) : undefined,
    )
    this.#inputs = inputs.map((x) => holdings.hold(disown(alloc('capture', x.shape, x.dtype, x.device, x.layout))))
    this.#take(inputs)
    const made = new Scope()
    let failure: { error: unknown } | undefined
    let result: R | undefined
    native.record(deviceIndex(device))
    try {
      result = recordAs(this.#recording, () => made.run(() => step(...this.#inputs) as never))
      result = mapTensors(result, (tensor) => {
        tensor.storage.settle()
        return holdings.hold(tensor.alias())
      })
    } catch (error) {
      failure = { error }
    }
    this.#gradients = Array.from(this.#recording.gradients.keys(), (tensor) => [
      tensor,
      tensor.gradient && holdings.hold(tensor.gradient.alias()),
    ])
    made.dispose()
    try {
      holdings.plan = native.finish()
      this.#numbers = Float64Array.from(this.#recording.first)
      native.replay(holdings.plan, this.#numbers)
      if (failure) throw failure.error
    } catch (error) {
      holdings.dispose()
      throw failure ? failure.error : error
    }
    this.#result = result as R
    mapTensors(this.#result, (tensor) => {
      if (this.#inputs.some((x) => x.storage === tensor.storage) || native.recorded(holdings.plan!, tensor.handle))
        this.#fresh.add(tensor)
      return tensor
    })
    this.#guard = new Guard(this.#recording)
  }

  /** Whether a second run of the step would do what this one did. */
  get settled(): boolean {
    return this.#recording.settled
  }

  /** Whether a replay does what the step would do now. */
  fits(): boolean {
    return this.#guard.holds() && native.fresh(this.holdings.plan!)
  }

  replay(inputs: readonly Tensor[]): R {
    this.#take(inputs)
    let count = 0
    for (const numbers of this.#recording.numbers) for (const number of numbers()) this.#numbers[count++] = number
    native.replay(this.holdings.plan!, this.#numbers)
    for (const storage of this.#recording.modified) storage.markModified()
    for (const [tensor, gradient] of this.#gradients) restore(tensor, gradient)
    return this.result()
  }

  /** What the last run gave. */
  result(): R {
    return mapTensors(this.#result, (tensor) => {
      if (!this.#fresh.has(tensor)) return share('capture', tensor, tensor.shape, tensor.layout)
      const copy = alloc('capture', tensor.shape, tensor.dtype, tensor.device, tensor.layout)
      native.transfer(tensor.handle, copy.handle)
      return copy
    })
  }

  #take(inputs: readonly Tensor[]): void {
    for (const [i, x] of inputs.entries()) native.transfer(x.handle, this.#inputs[i]!.handle)
  }
}

/** Gives a tensor the gradient that the plan has brought it. */
function restore(tensor: Tensor, gradient: Tensor | undefined): void {
  const present = tensor.gradient
  if (present?.storage === gradient?.storage) return
  present?.dispose()
  tensor.grad = undefined
  if (gradient) tensor.receiveGradient(gradient.alias())
}
