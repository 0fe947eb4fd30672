import { describe } from '../errors.js'

/** A number for both sides, or [height, width]. */
export type Pair = number | readonly [height: number, width: number]

function refuse(owner: string, name: string, expected: string, value: unknown): never {
  throw new RangeError(`${owner}: expected ${name} to be ${expected}, got ${describe(value)}`)
}

const isInteger = (value: unknown, least: number): value is number =>
  Number.isSafeInteger(value) && (value as number) >= least

const phrase = (least: number): string => (least > 0 ? 'a positive integer' : 'a non-negative integer')

export function positiveInteger(owner: string, name: string, value: number): number {
  return isInteger(value, 1) ? value : refuse(owner, name, phrase(1), value)
}

/** Checks a size, stride or padding of a 2-D window; `least` is the smallest allowed. */
export function pair<T extends Pair>(owner: string, name: string, value: T, least: number): T {
  const valid = Array.isArray(value)
    ? value.length === 2 && value.every((v) => isInteger(v, least))
    : isInteger(value, least)
  return valid ? value : refuse(owner, name, `${phrase(least)} or a pair of them`, value)
}

export function bothSides(value: Pair): [height: number, width: number] {
  return typeof value === 'number' ? [value, value] : [...value]
}

/** Checks padding: as `pair`, or 'same' or 'valid'. */
export function padding<T extends Pair | 'same' | 'valid'>(owner: string, value: T): T {
  if (value === 'same' || value === 'valid') return value
  if (typeof value === 'string') return refuse(owner, 'padding', "an integer, a pair, 'same' or 'valid'", value)
  return pair(owner, 'padding', value as Exclude<T, string>, 0)
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
