import { describe } from '../../errors.js'

/** @throws {RangeError} unless `value` is a number within [least, most] */
export function within(owner: string, name: string, value: number, least: number, most: number): number {
  if (typeof value === 'number' && value >= least && value <= most) return value
  throw new RangeError(`${owner}: expected ${name} from ${least} to ${most}, got ${describe(value)}`)
}

/** @throws {RangeError} unless `value` is a finite number above 0 */
export function positive(owner: string, name: string, value: number): number {
  if (Number.isFinite(value) && value > 0) return value
  throw new RangeError(`${owner}: expected ${name} > 0, got ${describe(value)}`)
}

/** A value for each of `count` groups. @throws {RangeError} when a list of them is longer or shorter */
export function perGroup<T>(owner: string, name: string, value: T | readonly T[], count: number): T[] {
  if (!Array.isArray(value)) return new Array<T>(count).fill(value as T)
  if (value.length !== count)
    throw new RangeError(`${owner}: expected ${name} for each of ${count} groups, got ${value.length}`)
  return [...(value as readonly T[])]
}
