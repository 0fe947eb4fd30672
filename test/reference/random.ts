import { type Dense, volume } from './array.js'

type Float = 'float32' | 'float64'

/** Philox4x32-10 (Salmon et al., SC'11) in 64-bit integers, as the paper writes it. */
export function philox(seed: bigint, counter: bigint): [number, number, number, number] {
  const low = (v: bigint) => v & 0xffffffffn
  let [c0, c1, c2, c3] = [low(counter), counter >> 32n, 0n, 0n]
  let [k0, k1] = [low(seed), seed >> 32n]
  for (let round = 0; round < 10; round++) {
    const a = 0xd2511f53n * c0
    const b = 0xcd9e8d57n * c2
    ;[c0, c1, c2, c3] = [(b >> 32n) ^ c1 ^ k0, low(b), (a >> 32n) ^ c3 ^ k1, low(a)]
    k0 = low(k0 + 0x9e3779b9n)
    k1 = low(k1 + 0xbb67ae85n)
  }
  return [Number(c0), Number(c1), Number(c2), Number(c3)]
}

/** Numbers in [0, 1): 24 bits of each word for float32, 53 bits of two words for float64. */
export function units(seed: number, offset: number, count: number, dtype: Float): number[] {
  const numbers: number[] = []
  for (let counter = BigInt(offset); numbers.length < count; counter++) {
    const v = philox(BigInt(seed), counter)
    if (dtype === 'float32') numbers.push(...v.map((word) => (word >>> 8) / 2 ** 24))
    else numbers.push(...[0, 2].map((i) => (v[i]! * 2 ** 21 + (v[i + 1]! >>> 11)) / 2 ** 53))
  }
  return numbers.slice(0, count)
}

export function uniform(shape: readonly number[], seed: number, low: number, high: number, dtype: Float): Dense {
  const data = Float64Array.from(units(seed, 0, volume(shape), dtype), (u) => low + (high - low) * u)
  return { shape, data }
}

/** Box and Muller: two numbers of a uniform distribution make two of the normal one. */
export function normal(shape: readonly number[], seed: number, mean: number, std: number, dtype: Float): Dense {
  const count = volume(shape)
  const u = units(seed, 0, count + (count % 2), dtype)
  const data = Float64Array.from({ length: count }, (_, i) => {
    const first = i - (i % 2)
    const turn = 2 * Math.PI * u[first + 1]!
    return mean + std * Math.sqrt(-2 * Math.log(1 - u[first]!)) * (i % 2 ? Math.sin(turn) : Math.cos(turn))
  })
  return { shape, data }
}

/** Keeps an element where its number is at least p, and scales it by 1 / (1 − p). */
export function dropout(x: Dense, p: number, seed: number, dtype: Float): Dense {
  const numbers = units(seed, 0, x.data.length, dtype)
  return { shape: x.shape, data: x.data.map((v, i) => (numbers[i]! >= p ? v / (1 - p) : 0)) }
}

/** Keeps a channel of a sample where its number is at least p, and scales it by 1 / (1 − p). */
export function featureDropout(x: Dense, p: number, seed: number, dtype: Float): Dense {
  const [n, channels, ...rest] = x.shape as [number, number, ...number[]]
  const numbers = units(seed, 0, n * channels, dtype)
  const inner = volume(rest)
  return { shape: x.shape, data: x.data.map((v, i) => (numbers[Math.floor(i / inner)]! >= p ? v / (1 - p) : 0)) }
}

/** Dropped elements become −1.758…, where SELU ends; mean 0 and variance 1 stay. */
export function alphaDropout(x: Dense, p: number, seed: number, dtype: Float): Dense {
  const end = -1.0507009873554805 * 1.6732632423543772
  const numbers = units(seed, 0, x.data.length, dtype)
  const factor = 1 / Math.sqrt((1 - p) * (1 + p * end ** 2))
  return { shape: x.shape, data: x.data.map((v, i) => factor * ((numbers[i]! >= p ? v : end) - p * end)) }
}
