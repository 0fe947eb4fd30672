import { type Dense, make } from './array.js'

export interface BatchNormOptions {
  training?: boolean
  momentum?: number
  eps?: number
  relu?: boolean
  residual?: Dense | undefined
}

/** The elements of one channel (dimension 1). */
const channel = (x: Dense, c: number): number[] => {
  const inner = x.shape.slice(2).reduce((a, b) => a * b, 1)
  return [...x.data].filter((_, i) => Math.floor(i / inner) % x.shape[1]! === c)
}
const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length
function squares(values: number[]): number {
  const middle = mean(values)
  return values.reduce((a, b) => a + (b - middle) ** 2, 0)
}

/**
 * y = (x − mean) / √(var + eps) · weight + bias per channel. Training normalises with the batch's biased variance and
 * moves the running statistics by `momentum` towards the batch's mean and unbiased variance. A residual is added to y,
 * and of that the positive part is taken.
 */
export function batchNorm(
  x: Dense,
  runningMean: Dense | undefined,
  runningVar: Dense | undefined,
  weight: Dense | undefined,
  bias: Dense | undefined,
  { training = false, momentum = 0.1, eps = 1e-5, relu = false, residual }: BatchNormOptions = {},
): { y: Dense; runningMean: Dense; runningVar: Dense } {
  const channels = [x.shape[1]!]
  const batch = Array.from({ length: channels[0]! }, (_, c) => channel(x, c))
  const means = batch.map((values, c) => (training ? mean(values) : runningMean!.data[c]!))
  const vars = batch.map((values, c) => (training ? squares(values) / values.length : runningVar!.data[c]!))
  const inner = x.shape.slice(2).reduce((a, b) => a * b, 1)
  const data = x.data.map((value, i) => {
    const c = Math.floor(i / inner) % channels[0]!
    const scaled = ((value - means[c]!) / Math.sqrt(vars[c]! + eps)) * (weight?.data[c] ?? 1)
    const y = scaled + (bias?.data[c] ?? 0) + (residual?.data[i] ?? 0)
    return relu ? Math.max(y, 0) : y
  })
  const moved = (old: Dense | undefined, now: (values: number[]) => number): Dense =>
    make(channels, ([c]) => (1 - momentum) * (old?.data[c!] ?? 0) + momentum * now(batch[c!]!))
  return {
    y: { shape: x.shape, data },
    runningMean: moved(runningMean, mean),
    runningVar: moved(runningVar, (values) => squares(values) / (values.length - 1)),
  }
}
