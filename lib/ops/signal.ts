import { toChannelsLast } from '../layout.js'
import type { Tensor } from '../tensor.js'
import { reshape } from './shape.js'

/** The dimensions of a batch with one to three spatial ones. */
export const batchOf = (rank: number): string[] => ['N', 'C', ...[['L'], ['H', 'W'], ['D', 'H', 'W']][rank - 1]!]

/** What image kernels compute on: signals [N, C, L] as images [N, C, 1, L], images and volumes; channels-last. */
export function toImage(x: Tensor): Tensor {
  if (x.layout === 'channelsLast') return x
  const [n, c, length] = x.shape as [number, number, number]
  return toChannelsLast(x.rank === 3 ? reshape(x, [n, c, 1, length]) : x)
}

/** The result of an image kernel for `rank` spatial dimensions: images [N, C, 1, L] become signals again. */
export function fromImage(y: Tensor, rank: number): Tensor {
  if (rank !== 1) return y
  const [n, c, , length] = y.shape as [number, number, number, number]
  return reshape(y, [n, c, length])
}

/** Values for three spatial dimensions, with `rest` for those that signals and images lack. */
export const asVolume = <T>(sides: readonly T[], rest: T): [d: T, h: T, w: T] =>
  [rest, rest, ...sides].slice(-3) as [T, T, T]
