import { forget } from './garbage.js'
import type { Scope } from './scope.js'
import type { Storage } from './storage.js'
import type { Node } from './tape/node.js'

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

  constructor(readonly storage: Storage) {}

  release(): void {
    if (!this.live) return
    this.live = false
    forget(this)
    this.storage.release()
    this.node?.release()
    this.node = undefined
  }
}
