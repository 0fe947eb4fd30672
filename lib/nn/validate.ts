import { describe } from '../errors.js'
import type { Sizes } from '../ops/check.js'

export type { Pair, Single, Triple } from '../ops/check.js'

function refuse(owner: string, name: string, expected: string, value: unknown): never {
  throw new RangeError(`${owner}: expected ${name} to be ${expected}, got ${describe(value)}`)
}

const isInteger = (value: unknown, least: number): value is number =>
  Number.isSafeInteger(value) && (value as number) >= least

const phrase = (least: number): string => (least > 0 ? 'a positive integer' : 'a non-negative integer')

const orMore = (one: string, rank: number): string => one + ['', ' or a pair of them', ' or three of them'][rank - 1]!

export function positiveInteger(owner: string, name: string, value: number): number {
  return isInteger(value, 1) ? value : refuse(owner, name, phrase(1), value)
}

/** Checks a size, stride or padding of a window over `rank` sides; `least` is the smallest allowed. */
export function sizes<T extends Sizes>(owner: string, name: string, value: T, rank: number, least: number): T {
  const valid = Array.isArray(value)
    ? value.length === rank && value.every((v) => isInteger(v, least))
    : isInteger(value, least)
  return valid ? value : refuse(owner, name, orMore(phrase(least), rank), value)
}

/** Pair and the like as one number for each side. */
export type Each<S extends Sizes> = Exclude<S, number>

export const eachSide = <S extends Sizes>(value: S, rank: number): Each<S> => {
  const each: Sizes = value
  return (typeof each === 'number' ? new Array<number>(rank).fill(each) : [...each]) as unknown as Each<S>
}

/** Checks output sizes: as `sizes` from 1 on, but null and undefined stand for the input's. */
export function outputSizes<T>(owner: string, value: T, rank: number): T {
  const fits = (v: unknown) => v == null || isInteger(v, 1)
  const valid = Array.isArray(value) ? value.length === rank && value.every(fits) : fits(value)
  return valid ? value : refuse(owner, 'outputSize', orMore(phrase(1), rank), value)
}

/** Checks padding: as `sizes`, or 'same' or 'valid'. */
export function padding<T extends Sizes | 'same' | 'valid'>(owner: string, value: T, rank: number): T {
  if (value === 'same' || value === 'valid') return value
  if (typeof value === 'string')
    return refuse(owner, 'padding', `an integer,${['', ' a pair,', ' three,'][rank - 1]!} 'same' or 'valid'`, value)
  return sizes(owner, 'padding', value as Exclude<T, string>, rank, 0)
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
