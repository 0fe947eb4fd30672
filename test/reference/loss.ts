import type { Dense } from './array.js'

export type Reduction = 'mean' | 'sum' | 'none'

export function reduced(loss: Dense, reduction: Reduction): Dense {
  if (reduction === 'none') return loss
  const sum = loss.data.reduce((a, b) => a + b, 0)
  return { shape: [], data: Float64Array.of(reduction === 'mean' ? sum / loss.data.length : sum) }
}

/** −(t log p + (1 − t) log(1 − p)), both logarithms clamped at −100. */
export function binaryCrossEntropy(p: Dense, target: Dense, reduction: Reduction = 'mean'): Dense {
  const log = (v: number) => Math.max(-100, Math.log(v))
  return reduced(
    { shape: p.shape, data: p.data.map((v, i) => -(target.data[i]! * log(v) + (1 - target.data[i]!) * log(1 - v))) },
    reduction,
  )
}

export function mseLoss(x: Dense, target: Dense, reduction: Reduction = 'mean'): Dense {
  return reduced({ shape: x.shape, data: x.data.map((v, i) => (v - target.data[i]!) ** 2) }, reduction)
}

/** The losses of elements and targets in the same place. */
const pairwise =
  (f: (x: number, t: number) => number) =>
  (x: Dense, target: Dense, reduction: Reduction = 'mean'): Dense =>
    reduced({ shape: x.shape, data: x.data.map((v, i) => f(v, target.data[i]!)) }, reduction)

export const l1Loss = pairwise((x, t) => Math.abs(x - t))

export const smoothL1Loss = (beta: number) =>
  pairwise((x, t) => (Math.abs(x - t) < beta ? (x - t) ** 2 / (2 * beta) : Math.abs(x - t) - beta / 2))

export const huberLoss = (delta: number) =>
  pairwise((x, t) => (Math.abs(x - t) < delta ? (x - t) ** 2 / 2 : delta * (Math.abs(x - t) - delta / 2)))

/** log(1 + e^x) */
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))

export const binaryCrossEntropyWithLogits = (positive = 1) =>
  pairwise((x, t) => positive * t * softplus(-x) + (1 - t) * softplus(x))

export const klDiv = (logTarget: boolean) =>
  pairwise((x, t) => (logTarget ? Math.exp(t) * (t - x) : t === 0 ? 0 : t * (Math.log(t) - x)))
