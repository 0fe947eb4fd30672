import { collectLater, forget } from './garbage.js'
import type { Ownership } from './ownership.js'
import { Tensor } from './tensor.js'
import { tracer } from './tracer.js'

let current: Scope | undefined

/** Throws when a callback that must be synchronous returned a promise: ambient state never crosses an await. */
export function refusePromise<T>(name: string, result: T): T {
  if (result === undefined || result instanceof Tensor) return result // to look for `then` there takes its time
  if (typeof (result as { then?: unknown } | null)?.then !== 'function') return result
  void Promise.resolve(result).catch(() => undefined) // what it may reject with comes too late
  throw new TypeError(`${name}: expected a synchronous function, got one that returns a promise`)
}

/** `never` for functions that return promises, so that the type checker refuses them too. */
export type Synchronous<T> = T extends PromiseLike<unknown> ? never : T

/**
 * Owns the tensors made while its `run` is active, and frees them together. Async code owns a scope across awaits:
 *
 * ```ts
 * using step = new Scope()
 * const loss = step.run(() => model(x).mean())
 * console.log(await loss.item())
 * ```
 */
export class Scope {
  #owned: Ownership[] = []

  /** Runs a synchronous function; tensors made in it belong to this scope. */
  run<T>(fn: () => Synchronous<T>): T {
    const outer = this.enter()
    try {
      return refusePromise<T>('Scope.run', fn())
    } finally {
      leave(outer)
    }
  }

  /** @internal New tensors belong to this scope from now on. Returns the scope that ran, for `leave`. */
  enter(): Scope | undefined {
    const outer = current
    current = this
    return outer
  }

  /** Frees what the scope owns. It may be used again. */
  dispose(): void {
    const owned = this.#owned
    if (owned.length === 0) return
    this.#owned = []
    for (let i = 0; i < owned.length; i++) if (owned[i]!.scope === this) owned[i]!.release()
  }

  /** As `dispose()`: `using step = new Scope()`. */
  [Symbol.dispose](): void {
    this.dispose()
  }

  /** @internal */
  adopt(owner: Ownership): void {
    owner.scope = this
    this.#owned.push(owner)
  }
}

/** New tensors belong to `outer` again, or to none. */
export function leave(outer: Scope | undefined): void {
  current = outer
}

/** A new tensor's owner: the running scope or, outside of all, the garbage collector. */
export function own(tensor: Tensor, op: string): void {
  tracer?.made(tensor, op)
  if (current) current.adopt(tensor.owner)
  else collectLater(tensor, op)
}

/** Makes a tensor nobody's: whoever calls this disposes it. */
export function disown(tensor: Tensor): Tensor {
  if (tensor.owner.scope) tensor.owner.scope = undefined
  else forget(tensor.owner)
  return tensor
}

/** Lifts a tensor out of every scope: it lives until `dispose()`, or until nothing refers to it. Returns it. */
export function keep<T extends Tensor>(tensor: T): T {
  if (tensor.owner.scope && tensor.owner.live) {
    tensor.owner.scope = undefined
    collectLater(tensor, 'keep')
  }
  return tensor
}

/**
 * Runs a synchronous function and frees every tensor made in it, except those reachable from what it returns (tensors,
 * arrays, maps and plain objects of them) and what their gradients need.
 */
export function scope<T>(fn: () => Synchronous<T>): T {
  const inner = new Scope()
  try {
    const result = inner.run<T>(fn)
    for (const tensor of tensorsIn(result)) {
      if (tensor.owner.scope !== inner || tensor.disposed) continue
      tensor.owner.scope = undefined
      own(tensor, 'scope')
    }
    return result
  } finally {
    inner.dispose()
  }
}

/** @internal The tensors in arrays, sets, maps and plain objects. */
export function* tensorsIn(value: unknown, seen = new Set<unknown>()): Generator<Tensor> {
  if (value === null || typeof value !== 'object' || seen.has(value)) return
  seen.add(value)
  if (value instanceof Tensor) yield value
  else if (Array.isArray(value) || value instanceof Set) for (const each of value) yield* tensorsIn(each, seen)
  else if (value instanceof Map) for (const each of value) yield* tensorsIn(each, seen)
  else if (Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null)
    for (const each of Object.values(value)) yield* tensorsIn(each, seen)
}
