import { describe } from '../errors.js'
import { cat } from '../ops/join.js'
import { slice } from '../ops/slice.js'
import { defaultGenerator, type Generator } from '../random.js'
import type { Tensor } from '../tensor.js'
import { checkImage } from './functional/image.js'
import { Transform } from './transform.js'

/** What transforms that draw are told. */
export interface RandomOptions {
  /** Default: the one that `manualSeed()` seeds. */
  generator?: Generator | undefined
  /**
   * Of a batch [N, C, H, W]: draw for each image, as if each went through by itself, rather than once for all as in
   * torchvision. Default false.
   */
  perSample?: boolean | undefined
}

/** A transform that draws. */
export abstract class RandomTransform extends Transform {
  /** What is drawn from. */
  readonly generator: Generator
  /** Whether each image of a batch has a draw of its own. */
  readonly perSample: boolean

  constructor({ generator = defaultGenerator, perSample = false }: RandomOptions = {}) {
    super()
    this.generator = generator
    this.perSample = perSample
  }

  forward(x: Tensor): Tensor {
    checkImage(this.constructor.name, x)
    return this.perSample && x.rank === 4 && x.shape[0]! > 0 ? this.each(x) : this.once(x)
  }

  /** By one draw. */
  protected abstract once(x: Tensor): Tensor

  /** By a draw for each image of a batch, in its order. */
  protected each(x: Tensor): Tensor {
    return cat(Array.from({ length: x.shape[0]! }, (_, i) => this.once(slice(x, 0, i, i + 1))))
  }

  /** Uniform in [low, high). */
  protected between([low, high]: Range): number {
    return low + (high - low) * this.generator.random()
  }

  /** Uniform among the whole numbers from 0 to `n`. */
  protected upTo(n: number): number {
    return n === 0 ? 0 : this.generator.integer(n + 1)
  }

  /** Whether something of this probability comes true. */
  protected happens(p: number): boolean {
    return this.generator.random() < p
  }
}

/** Two numbers in order, between which one is drawn. */
export type Range = readonly [low: number, high: number]

/** @throws {RangeError} unless it is two finite numbers in order, from `least` on */
export function checkRange(owner: string, name: string, value: Range, least = -Infinity): Range {
  if (!(
    Array.isArray(value) &&
    value.length === 2 &&
    value.every(Number.isFinite) &&
    value[0] >= least &&
    value[0] <= value[1]
  ))
    throw new RangeError(
      `${owner}: expected ${name} to be two numbers in order${least > -Infinity ? `, from ${least} on` : ''}, got ${describe(value)}`,
    )
  return [value[0], value[1]]
}

/** A number a stands for −a to a. @throws {RangeError} */
export function symmetric(owner: string, name: string, value: number | Range): Range {
  if (typeof value !== 'number') return checkRange(owner, name, value)
  if (!(value >= 0 && value < Infinity))
    throw new RangeError(`${owner}: expected ${name} to be at least 0, or two numbers, got ${describe(value)}`)
  return [-value, value]
}
