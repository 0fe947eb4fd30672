import { recording } from './capture/recording.js'
import type { Handle } from './kernels.js'
import { release } from './native.js'

/** Work that gives a storage its contents. */
export interface Deferred {
  enqueue(handle: Handle): void
  /** Nobody needs it. */
  drop(): void
}

/**
 * Native memory, or a stretch of it, counted: one reference per tensor and one per value saved on the tape. The memory
 * goes back to its pool with the last one, without waiting for the garbage collector.
 */
export class Storage {
  /** Whether it was made in a recording, so that it has contents in replays alone. */
  readonly recorded = recording()?.native ?? false
  readonly #handle: Handle
  #deferred: Deferred | undefined
  #references = 1
  #version = 0

  /**
   * @param base the storage that this one is a stretch of; changes in place count there
   */
  constructor(
    handle: Handle,
    readonly bytes: number,
    readonly base?: Storage,
  ) {
    this.#handle = handle
  }

  get handle(): Handle {
    if (this.#deferred) this.settle()
    return this.#handle
  }

  /** Has what gives the contents enqueued when the handle is first asked for. */
  defer(deferred: Deferred): void {
    this.#deferred = deferred
  }

  /** Enqueues what was deferred. */
  settle(): void {
    const deferred = this.#deferred
    this.#deferred = undefined
    deferred?.enqueue(this.#handle)
  }

  /** Whether more than one tensor sees this memory. */
  get shared(): boolean {
    return this.#references > 1 || this.base !== undefined
  }

  /** Rises with every change in place, so that backward notices when a saved value is no longer what it was. */
  get version(): number {
    return this.base ? this.base.version : this.#version
  }

  markModified(): void {
    if (this.base) this.base.markModified()
    else {
      this.#version++
      recording()?.modified.add(this)
    }
  }

  retain(): this {
    this.#references++
    return this
  }

  release(): void {
    if (--this.#references > 0) return
    this.#deferred?.drop()
    release(this.#handle)
  }
}
