import { recording } from '../capture/recording.js'
import type { CallHooks } from './hooks.js'

/** Told of every module call that returns, innermost first, with the arguments and the output. */
export type CallObserver = (module: Callable, args: readonly unknown[], output: unknown) => void

let observer: CallObserver | undefined

/** Whether somebody wants to see every call. */
export const isObserved = (): boolean => observer !== undefined

/** Runs `fn` with every module call reported to `watch`. */
export function observeCalls<T>(watch: CallObserver, fn: () => T): T {
  const outer = observer
  observer = watch
  try {
    return fn()
  } finally {
    observer = outer
  }
}

/** What a call on stand-ins for tensors gives; undefined for a call on tensors. */
type Tracer = (module: Callable, args: readonly unknown[]) => unknown

let tracer: Tracer | undefined

/** Has calls on stand-ins for tensors answered from now on; until somebody makes one, no call looks for them. */
export function traceCalls(trace: Tracer): void {
  tracer = trace
}

/** Of a module, once it has had some. */
export const callHooks = Symbol('hooks')

/** An object that is called like a function; a call runs its `forward`. */
export abstract class Callable {
  /** @internal */
  declare [callHooks]: CallHooks | undefined

  constructor() {
    const self = ((...args: never[]) => {
      const traced = tracer?.(self, args)
      if (traced !== undefined) return traced
      recording()?.visit(self)
      const hooks = self[callHooks]
      const output = hooks ? hooks.call(self, args) : self.forward(...args)
      if (observer) observer(self, args, output)
      return output
    }) as unknown as this
    Object.setPrototypeOf(self, new.target.prototype)
    // A function's own read-only `name` and `length` would stand in the way of a subclass's fields.
    delete (self as { name?: string }).name
    delete (self as { length?: number }).length
    self[callHooks] = undefined
    return self
  }

  /** What a call computes. Call the module itself, `module(x)`, which runs its hooks too. */
  abstract forward(...args: never[]): unknown
}
