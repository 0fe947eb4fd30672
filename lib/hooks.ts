import { describe } from './errors.js'

/** What registering a hook gives: takes the hook away again. */
export interface HookHandle extends Disposable {
  /** The hook is not called any more. Harmless when repeated. */
  remove(): void
}

/** Functions to call in the order in which they were registered. */
export class Hooks<F> {
  readonly #entries = new Set<{ readonly fn: F }>()

  /** @throws {TypeError} unless `fn` is a function */
  add(owner: string, fn: F): HookHandle {
    if (typeof fn !== 'function') throw new TypeError(`${owner}: expected a function, got ${describe(fn)}`)
    const entry = { fn }
    this.#entries.add(entry)
    const remove = (): void => void this.#entries.delete(entry)
    return { remove, [Symbol.dispose]: remove }
  }

  get size(): number {
    return this.#entries.size
  }

  *[Symbol.iterator](): Iterator<F> {
    for (const { fn } of [...this.#entries]) yield fn
  }
}
