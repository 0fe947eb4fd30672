import { describe } from '../errors.js'
import { checkOutputSizes, checkSizes, checkWhole, type Sizes } from '../ops/check.js'
import { checkPaddings, type Padding } from '../ops/window.js'

export type { Pair, Single, Triple } from '../ops/check.js'

function refuse(owner: string, name: string, expected: string, value: unknown): never {
  throw new RangeError(`${owner}: expected ${name} to be ${expected}, got ${describe(value)}`)
}

export const positiveInteger = (owner: string, name: string, value: number): number => checkWhole(owner, name, value, 1)

/** Checks a size, stride or padding of a window over `rank` sides; `least` is the smallest allowed. */
export function sizes<T extends Sizes>(owner: string, name: string, value: T, rank: number, least: 0 | 1): T {
  checkSizes(owner, name, value, rank, least)
  return value
}

/** Pair and the like as one number for each side. */
export type Each<S extends Sizes> = Exclude<S, number>

export const eachSide = <S extends Sizes>(value: S, rank: number): Each<S> => {
  const each: Sizes = value
  return (typeof each === 'number' ? new Array<number>(rank).fill(each) : [...each]) as unknown as Each<S>
}

/** Checks output sizes: as `sizes` from 1 on, but null and undefined stand for the input's. */
export function outputSizes<T>(owner: string, value: T, rank: number): T {
  checkOutputSizes(owner, value, rank)
  return value
}

/** Checks padding: as `sizes`, or 'same' or 'valid'. */
export function padding<T extends Padding<Sizes>>(owner: string, value: T, rank: number): T {
  checkPaddings(owner, value, rank)
  return value
}

export function probability(owner: string, name: string, value: number): number {
  return value >= 0 && value <= 1 ? value : refuse(owner, name, 'between 0 and 1', value)
}

export function nonNegative(owner: string, name: string, value: number): number {
  return value >= 0 && value < Infinity ? value : refuse(owner, name, 'finite and at least 0', value)
}

/** Checks one of a few words. */
export function oneOf<T extends string>(owner: string, name: string, value: T, words: readonly T[]): T {
  return words.includes(value) ? value : refuse(owner, name, `one of ${words.join(', ')}`, value)
}
