import { collectLater, forget, hang } from './garbage.js'
import type { Scope } from './scope.js'
import type { Storage } from './storage.js'
import type { Node } from './tape/node.js'
import type { Tensor } from './tensor.js'

/** What a tensor holds and must let go of once, whether disposed, ended with its scope or garbage-collected. */
export class Ownership {
  live = true
  scope: Scope | undefined = undefined
  /** Bytes that hang on the garbage collector because of this tensor (garbage.ts). */
  collectable = 0
  /** How many collections there had been when they came to hang there. */
  collections = 0
  /** The tape's record of how the tensor was made. */
  node: Node | undefined = undefined

  /**
   * A gradient of the tensor's that `backward()` has made. It is freed with the tensor or when another takes its place, and
   * only if somebody has read it before is left to the garbage collector, to which each tensor is an expense.
   */
  #gradient: Tensor | undefined = undefined
  gradientRead = false

  constructor(readonly storage: Storage) {}

  /** Takes in a gradient that nobody else refers to, or none; lets go of the one before. */
  holdGradient(gradient: Tensor | undefined): void {
    const before = this.#gradient
    if (before && !before.disposed) {
      if (this.gradientRead) collectLater(before, 'backward')
      else before.dispose()
    }
    this.#gradient = gradient
    this.gradientRead = false
    if (gradient) hang(gradient, 'backward')
  }

  release(): void {
    if (!this.live) return
    this.live = false
    forget(this)
    this.storage.release()
    this.node?.release()
    this.node = undefined
    if (this.#gradient) this.holdGradient(undefined)
  }
}
