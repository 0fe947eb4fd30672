import { share } from '../alloc.js'
import { AutogradError, describe } from '../errors.js'
import { Hooks } from '../hooks.js'
import { checkGradient } from '../ops/check.js'
import { likeness, type Likeness, putBy, recordMany, takeUp } from '../tape/many.js'
import { Tensor } from '../tensor.js'
import { type Callable, callHooks } from './callable.js'

type PreHook = (module: never, args: never) => unknown
type PostHook = (module: never, args: never, output: never) => unknown
type BackwardHook = (module: never, gradInput: never, gradOutput: never) => unknown

/** One for each argument or result; undefined for those that take no part. */
type Slots = readonly (Tensor | undefined)[]

const OP = 'registerFullBackwardHook'

/** The hooks of one module. */
export class CallHooks {
  readonly pre = new Hooks<PreHook>()
  readonly post = new Hooks<PostHook>()
  readonly backward = new Hooks<BackwardHook>()

  /** A call of the module with its hooks around it. */
  call(module: Callable, given: readonly unknown[]): unknown {
    let args = given
    for (const hook of this.pre) {
      const changed = hook(module as never, args as never)
      if (changed !== undefined) args = (Array.isArray(changed) ? changed : [changed]) as readonly unknown[]
    }
    return this.backward.size ? this.#watched(module, args) : this.#run(module, args)
  }

  #run(module: Callable, args: readonly unknown[]): unknown {
    let output = module.forward(...(args as never[]))
    for (const hook of this.post) output = hook(module as never, args as never, output as never) ?? output
    return output
  }

  #watched(module: Callable, args: readonly unknown[]): unknown {
    const inputs = args.map(gradedOnly)
    const watch = new Watch(module, this.backward, inputs)
    const entered = pass(inputs, watch.leave)
    const output = this.#run(
      module,
      args.map((arg, i) => entered[i] ?? arg),
    )
    const results = (Array.isArray(output) ? output : [output]) as readonly unknown[]
    if (!results.some((y) => y instanceof Tensor))
      throw new TypeError(`${OP}: expected a module that gives tensors or an array of them, got ${describe(output)}`)
    const left = pass(results.map(gradedOnly), watch.enter)
    const watched = results.map((y, i) => left[i] ?? y)
    return Array.isArray(output) ? watched : watched[0]
  }
}

const gradedOnly = (x: unknown): Tensor | undefined => (x instanceof Tensor && x.requiresGrad ? x : undefined)

/** The same tensors behind a point on the tape, at which `see` is given their gradients and gives those that go on. */
function pass(tensors: Slots, see: (gradients: Slots) => Slots): Slots {
  const present = tensors.filter((x) => x !== undefined)
  const beyond = present.map((x) => share(OP, x, x.shape, x.layout))
  const places = tensors.map((x) => (x ? present.indexOf(x) : -1))
  recordMany(
    OP,
    beyond,
    beyond.map(() => true),
    present,
    [],
    seeing(places, see),
  )
  return places.map((place) => beyond[place])
}

/** Made apart from `pass`, so that the tape does not hold what was local there. */
const seeing = (places: readonly number[], see: (gradients: Slots) => Slots) => (gradients: readonly Tensor[]) => {
  // The hooks see another reference, which belongs to the scope, so that keep() works on it.
  const seen = see(places.map((place) => gradients[place]?.detach()))
  return gradients.map((_, i) => seen[places.indexOf(i)])
}

/** One call's way back: from the gradients of its results to those of its arguments. */
class Watch {
  readonly #inputs: readonly (Likeness | undefined)[]
  #gradOutput: Slots = []

  constructor(
    readonly module: Callable,
    readonly hooks: Hooks<BackwardHook>,
    inputs: Slots,
  ) {
    this.#inputs = inputs.map((x) => x && likeness(x))
  }

  readonly enter = (gradOutput: Slots): Slots => {
    this.#gradOutput = gradOutput.map((dy) => dy && putBy(dy))
    if (!this.#inputs.some((x) => x)) this.leave(this.#inputs.map(() => undefined))
    return gradOutput
  }

  readonly leave = (gradInput: Slots): Slots => {
    const gradOutput = this.#gradOutput.map((dy) => takeUp(OP, dy))
    this.#gradOutput = []
    let result = gradInput
    for (const hook of this.hooks) {
      const changed = hook(this.module as never, result as never, gradOutput as never)
      if (changed !== undefined) result = this.#checked(changed)
    }
    return result
  }

  #checked(given: unknown): Slots {
    const list = (Array.isArray(given) ? given : [given]) as readonly unknown[]
    if (list.length !== this.#inputs.length)
      throw new AutogradError(
        `${OP}: expected ${this.#inputs.length} gradients, one for each argument of ` +
          `${this.module.constructor.name}, got ${list.length}`,
      )
    return list.map((dx, i) => {
      const x = this.#inputs[i]
      if (dx === undefined || dx === null || !x) return undefined
      checkGradient(OP, x, dx)
      return dx
    })
  }
}

/** The module's hooks, to add some. */
export const hooksOf = (module: Callable): CallHooks => (module[callHooks] ??= new CallHooks())

/** Whether somebody wants to see this module's calls. */
export function isHooked(module: Callable): boolean {
  const hooks = module[callHooks]
  return hooks !== undefined && hooks.pre.size + hooks.post.size + hooks.backward.size > 0
}
