import type { EpochPoint, Parts, StepPoint, Update } from './shared/messages.js'
import { extend } from './shared/thin.js'

/** Told at most this often. */
const INTERVAL = 250 // milliseconds

/** What there is to tell of a run: all of it to who comes late, and what is new, a few times a second, to who listens. */
export class Feed {
  /** Pixels by their name. */
  readonly pixels = new Map<string, Uint8Array>()
  readonly #steps: StepPoint[] = []
  readonly #epochs: EpochPoint[] = []
  #parts: Partial<Parts> = {}
  #news: { fresh?: boolean; steps: StepPoint[]; epochs: EpochPoint[]; parts: Partial<Parts> } | undefined
  #timer: NodeJS.Timeout | undefined
  readonly #listeners = new Set<(update: Update) => void>()

  /** Forgets the run before. */
  clear(parts: Partial<Parts>): void {
    this.#steps.length = this.#epochs.length = 0
    this.pixels.clear()
    this.#parts = parts
    this.#news = { fresh: true, steps: [], epochs: [], parts: { ...parts } }
    this.#later()
  }

  tell(parts: Partial<Parts>): void {
    Object.assign(this.#parts, parts)
    Object.assign(this.#new().parts, parts)
  }

  addStep(point: StepPoint): void {
    extend(this.#steps, [point])
    extend(this.#new().steps, [point])
  }

  addEpoch(point: EpochPoint): void {
    extend(this.#epochs, [point])
    extend(this.#new().epochs, [point])
  }

  /** Everything at once, then what is new, until the function that is returned is called. */
  listen(listener: (update: Update) => void): () => void {
    this.flush()
    listener({ ...this.#parts, fresh: true, steps: this.#steps, epochs: this.#epochs })
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Tells what is new at once. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const news = this.#news
    this.#news = undefined
    if (!news) return
    const { parts, ...update } = news
    for (const listener of this.#listeners) listener({ ...parts, ...update })
  }

  #new() {
    this.#later()
    return (this.#news ??= { steps: [], epochs: [], parts: {} })
  }

  #later(): void {
    this.#timer ??= setTimeout(() => this.flush(), INTERVAL).unref()
  }
}
