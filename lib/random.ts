/** Counter-based random numbers: one seed gives the same numbers in TypeScript and in every native kernel. */

import { AsyncLocalStorage } from 'node:async_hooks'
import { refuseInStep } from './capture/recording.js'

const WORD = 2 ** 32
const LIMIT = 2 ** 53

/** Where a generator stands; JSON. */
export interface GeneratorState {
  /** The key of its counters. */
  readonly seed: number
  /** The next counter that nobody has taken. */
  readonly offset: number
}

/** A stream of Philox counters: `seed` is the key, `offset` the next counter that nobody has taken. */
export class Generator {
  #seed: number
  #offset = 0
  readonly #words = new Uint32Array(4)

  /** @throws {RangeError} unless `seed` is an integer from 0 to 2^53 − 1 */
  constructor(seed: number) {
    this.#seed = checkInteger('seed', seed)
  }

  /** The key of its counters. */
  get seed(): number {
    return this.#seed
  }

  /** The next counter that nobody has taken. */
  get offset(): number {
    return this.#offset
  }

  /** Reserves `counters` counters (four 32-bit words each) and returns the first of them. */
  take(counters: number): number {
    checkInteger('number of counters', counters)
    const first = this.#offset
    this.#offset = checkInteger('offset', first + counters)
    return first
  }

  /** Uniform in [0, 1), 53 bits; takes one counter. */
  random(): number {
    return this.#bits53() / LIMIT
  }

  /** Uniform among 0 … n − 1, without bias: draws beyond the last multiple of n are drawn again. */
  integer(n: number): number {
    if (!(Number.isSafeInteger(n) && n > 0)) throw new RangeError(`integer: expected an integer n ≥ 1, got ${n}`)
    const limit = LIMIT - (LIMIT % n)
    let bits = this.#bits53()
    while (bits >= limit) bits = this.#bits53()
    return bits % n
  }

  /** A uniformly random order of 0 … n − 1 (Fisher and Yates). */
  permutation(n: number): Int32Array {
    if (!(Number.isSafeInteger(n) && n >= 0 && n < 2 ** 31)) {
      throw new RangeError(`permutation: expected an integer n from 0 to 2^31 − 1, got ${n}`)
    }
    const order = Int32Array.from({ length: n }, (_, i) => i)
    for (let i = n - 1; i > 0; i--) {
      const j = this.integer(i + 1)
      const swapped = order[i]!
      order[i] = order[j]!
      order[j] = swapped
    }
    return order
  }

  /** Where it stands, for checkpoints. */
  state(): GeneratorState {
    return { seed: this.#seed, offset: this.#offset }
  }

  /** Puts it where another one stood. @throws {RangeError} unless seed and offset are integers from 0 to 2^53 − 1 */
  setState({ seed, offset }: GeneratorState): this {
    checkInteger('seed', seed)
    this.#offset = checkInteger('offset', offset)
    this.#seed = seed
    return this
  }

  #bits53(): number {
    refuseInStep('Generator', 'number drawn in JavaScript', 'use rand() and the like, or draw outside')
    const counter = this.take(1)
    philox(this.seed, counter, this.#words)
    return bits53(this.#words)
  }
}

const standIns = new AsyncLocalStorage<Generator>()

/** Draws from the generator that stands in for it where there is one. */
class DefaultGenerator extends Generator {
  override get seed(): number {
    return standIns.getStore()?.seed ?? super.seed
  }

  override get offset(): number {
    return standIns.getStore()?.offset ?? super.offset
  }

  override take(counters: number): number {
    return standIns.getStore()?.take(counters) ?? super.take(counters)
  }

  override state(): GeneratorState {
    return standIns.getStore()?.state() ?? super.state()
  }

  override setState(state: GeneratorState): this {
    if (!standIns.getStore()?.setState(state)) super.setState(state)
    return this
  }
}

/** What every op and sampler draws from when it is given no generator of its own; seeded by the system at start. */
export const defaultGenerator: Generator = new DefaultGenerator(systemSeed())

/** Runs `fn` with a generator in place of the default one, in what it awaits too. */
export function withDefaultGenerator<T>(generator: Generator, fn: () => T): T {
  return standIns.run(generator, fn)
}

/** A seed for one of many streams of random numbers, that says nothing of the others'. */
export function derivedSeed(seed: number, stream: number): number {
  const words = new Uint32Array(4)
  philox(seed, stream, words)
  return bits53(words)
}

/** Restarts the default generator, so that what follows is reproducible. */
export function manualSeed(seed: number): Generator {
  return defaultGenerator.setState({ seed, offset: 0 })
}

/**
 * The four words of one counter: Philox4x32-10 of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3"
 * (SC'11), as in native/philox.h. `seed` and `counter` are integers below 2^53.
 */
export function philox(seed: number, counter: number, words: Uint32Array): void {
  let c0 = counter | 0
  let c1 = (counter / WORD) | 0
  let c2 = 0
  let c3 = 0
  let k0 = seed | 0
  let k1 = (seed / WORD) | 0
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(0xd2511f53, c0)
    const high2 = multiplyHigh(0xcd9e8d57, c2)
    const low0 = Math.imul(0xd2511f53, c0)
    const low2 = Math.imul(0xcd9e8d57, c2)
    c0 = high2 ^ c1 ^ k0
    c2 = high0 ^ c3 ^ k1
    c1 = low2
    c3 = low0
    k0 = (k0 + 0x9e3779b9) | 0
    k1 = (k1 + 0xbb67ae85) | 0
  }
  words[0] = c0
  words[1] = c1
  words[2] = c2
  words[3] = c3
}

/** An integer below 2^53. */
const bits53 = (words: Uint32Array): number => words[0]! * 2 ** 21 + (words[1]! >>> 11)

/** Bits 32 … 63 of the product of two unsigned 32-bit words, by 16-bit halves. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff
  const aHigh = a >>> 16
  const bLow = b & 0xffff
  const bHigh = b >>> 16
  const middle = Math.imul(aHigh, bLow) + (Math.imul(aLow, bLow) >>> 16)
  const cross = Math.imul(aLow, bHigh) + (middle & 0xffff)
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (cross >>> 16)) | 0
}

function checkInteger(what: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw new RangeError(`Generator: expected ${what} to be an integer from 0 to 2^53 − 1, got ${value}`)
}

function systemSeed(): number {
  const words = crypto.getRandomValues(new Uint32Array(2))
  return (words[0]! >>> 11) * WORD + words[1]!
}
