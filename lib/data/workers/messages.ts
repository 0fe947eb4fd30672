import type { Skipped } from '../samples.js'
import type { Packed } from './pack.js'
import type { Recipe } from './recipe.js'

/** What a worker is started with. */
export interface Assignment {
  readonly recipe: Recipe
  /** Samples that the dataset has in the main thread. */
  readonly length: number
}

/** A batch to load. */
export interface Task {
  readonly id: number
  readonly indices: Int32Array
  readonly seed: number
  /** Whether the dataset makes the batch. */
  readonly whole: boolean
  /** Where tensors go when they fit. */
  readonly memory: SharedArrayBuffer
}

/** A batch that was loaded: its samples, or itself as the only one. */
export interface Loaded extends Packed {
  readonly id: number
  readonly indices: number[]
  readonly skipped: Skipped[]
}

/** An error as it travels between threads. */
export interface Failure {
  readonly id: number
  /** Of the sample, where it was one's. */
  readonly index: number | undefined
  readonly name: string
  readonly message: string
  readonly stack: string | undefined
  readonly code: unknown
}
