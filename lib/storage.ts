import { recording } from './capture/recording.js'
import type { Handle } from './kernels.js'
import { native } from './native.js'

/**
 * Native memory, or a stretch of it, counted: one reference per tensor and one per value saved on the tape. The memory
 * goes back to its pool with the last one, without waiting for the garbage collector.
 */
export class Storage {
  #references = 1
  #version = 0

  /**
   * @param base the storage that this one is a stretch of; changes in place count there
   */
  constructor(
    readonly handle: Handle,
    readonly bytes: number,
    readonly base?: Storage,
  ) {}

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
    if (--this.#references === 0) native.release(this.handle)
  }
}
