import { FormatError } from '../errors.js'
import { isRecord, summary } from '../io/json.js'

/** A size of Keras: null where it is not known before there is an input. */
export type Size = number | null

const LARGEST = 2 ** 31 - 1

/** The configuration of a layer, checked as it is read. */
export class Fields {
  constructor(
    /** File and layer, for errors. */
    readonly where: string,
    readonly values: Readonly<Record<string, unknown>>,
  ) {
    const { data_format: format } = values
    if (format !== undefined && format !== null && format !== 'channels_last')
      this.fail('data_format', "'channels_last'")
  }

  fail(name: string, expected: string): never {
    throw new FormatError(`${this.where}: expected ${name} to be ${expected}, got ${summary(this.values[name])}`)
  }

  /** undefined and null are the fallback. */
  #given(name: string): unknown {
    return this.values[name] ?? undefined
  }

  number(name: string, fallback?: number): number {
    const value = this.#given(name) ?? fallback
    return typeof value === 'number' && Number.isFinite(value) ? value : this.fail(name, 'a finite number')
  }

  whole(name: string, fallback?: number, least = 1): number {
    const value = this.#given(name) ?? fallback
    if (!isWhole(value, least)) this.fail(name, `a whole number from ${least} on`)
    return value as number
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.#given(name) ?? fallback
    return typeof value === 'boolean' ? value : this.fail(name, 'true or false')
  }

  word<const W extends string>(name: string, words: readonly W[], fallback: W): W {
    const value = this.#given(name) ?? fallback
    const word = words.find((each) => each === (typeof value === 'string' ? value.toLowerCase() : value))
    return word ?? this.fail(name, words.map((each) => `'${each}'`).join(' or '))
  }

  /** One number for each of `rank` sides. */
  sizes(name: string, rank: number, fallback?: number | readonly number[], least = 1): number[] {
    const value = this.#given(name) ?? fallback
    const each: unknown[] = Array.isArray(value) ? value : new Array<unknown>(rank).fill(value)
    if (each.length !== rank || !each.every((n) => isWhole(n, least)))
      this.fail(name, `a whole number from ${least} on, or ${rank} of them`)
    return each as number[]
  }

  /** Cells at the beginning and the end of each of `rank` sides: n, [a, b] or [[a, b], …]. */
  ends(name: string, rank: number): [before: number, after: number][] {
    const value = this.#given(name) ?? this.fail(name, `sizes of ${rank} sides`)
    if (isWhole(value, 0)) return Array.from({ length: rank }, () => [value as number, value as number])
    const pair = (each: unknown): boolean =>
      Array.isArray(each) && each.length === 2 && each.every((n) => isWhole(n, 0))
    if (rank === 1 && pair(value)) return [value as [number, number]]
    if (!Array.isArray(value) || value.length !== rank) return this.fail(name, `sizes of ${rank} sides`)
    return (value as unknown[]).map((each) => {
      if (isWhole(each, 0)) return [each as number, each as number]
      return pair(each) ? (each as [number, number]) : this.fail(name, `sizes of ${rank} sides`)
    })
  }

  /** Of one sample, from a shape with the batch. */
  batchShape(name: string): Size[] {
    const value = this.values[name]
    if (!Array.isArray(value) || value.length < 2 || value.length > 6)
      return this.fail(name, 'a shape with the batch, of 2 to 6 dimensions')
    return (value as unknown[]).slice(1).map((n) => {
      return n === null || isWhole(n, 1) ? (n as Size) : this.fail(name, 'a shape of positive sizes')
    })
  }

  has(name: string): boolean {
    return this.#given(name) !== undefined
  }
}

const isWhole = (value: unknown, least: number): boolean =>
  Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= LARGEST

/** What a config of Keras 3 has in the place of a word: { class_name: 'function', config: 'relu' }. */
export function wordOf(value: unknown): unknown {
  return isRecord(value) && typeof value.config === 'string' ? value.config : value
}
