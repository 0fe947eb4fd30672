/** Told of every module call that returns, innermost first, with the output. */
export type CallObserver = (module: Callable, output: unknown) => void

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

/** An object that is called like a function; a call runs its `forward`. */
export abstract class Callable {
  constructor() {
    const self = ((...args: never[]) => {
      const output = self.forward(...args)
      if (observer) observer(self, output)
      return output
    }) as unknown as this
    Object.setPrototypeOf(self, new.target.prototype)
    // A function's own read-only `name` and `length` would stand in the way of a subclass's fields.
    delete (self as { name?: string }).name
    delete (self as { length?: number }).length
    return self
  }

  abstract forward(...args: never[]): unknown
}
