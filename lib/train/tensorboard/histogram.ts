import type { Histogram } from './schema.js'

/** Where buckets end: 0 and ± 10⁻¹² · 1.1ⁿ below 10²⁰, as TensorFlow and PyTorch have them. */
const LIMITS = ((): Float64Array => {
  const positive: number[] = []
  for (let limit = 1e-12; limit < 1e20; limit *= 1.1) positive.push(limit)
  return Float64Array.from([...positive.map((limit) => -limit).reverse(), 0, ...positive])
})()

/**
 * How values are spread, as PyTorch's `SummaryWriter` has it: buckets from the first to the last that is not empty, with an
 * empty one before. Values that are not finite do not count.
 */
export function histogramOf(values: ArrayLike<number>): Histogram {
  const counts = new Float64Array(LIMITS.length - 1)
  let [min, max, num, sum, sumSquares] = [Infinity, -Infinity, 0, 0, 0]
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (!Number.isFinite(value)) continue
    num++
    sum += value
    sumSquares += value * value
    if (value < min) min = value
    if (value > max) max = value
    const bucket = bucketOf(value)
    if (bucket >= 0 && bucket < counts.length) counts[bucket]!++
  }
  const start = counts.findIndex((n) => n > 0)
  if (start < 0) return { min: num && min, max: num && max, num, sum, sumSquares, bucketLimit: [0], bucket: [0] }
  const end = counts.findLastIndex((n) => n > 0) + 1
  const bucket = [start > 0 ? counts[start - 1]! : 0, ...counts.subarray(start, end)]
  return { min, max, num, sum, sumSquares, bucketLimit: [...LIMITS.subarray(start, end + 1)], bucket }
}

/** The last limit that is not greater than the value; the greatest limit belongs to the last bucket. */
function bucketOf(value: number): number {
  let [low, high] = [-1, LIMITS.length - 1]
  if (value === LIMITS[high]) return high - 1
  if (value > LIMITS[high]!) return high
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (LIMITS[middle]! <= value) low = middle
    else high = middle
  }
  return low
}
