import { at, type Dense, indices, make } from './array.js'

export interface Resize {
  size?: readonly number[]
  factor?: readonly number[]
  linear?: boolean
  alignCorners?: boolean
}

/** The cells along one dimension that an output takes from, with their weights. */
function sources(input: number, output: number, factor: number | undefined, i: number, options: Resize): number[][] {
  const scale = factor && output !== input ? 1 / factor : input / output
  if (!options.linear) return [[Math.min(Math.floor(Math.fround(i * Math.fround(scale))), input - 1), 1]]
  const place = options.alignCorners
    ? output > 1
      ? (i * (input - 1)) / (output - 1)
      : 0
    : Math.max(0, scale * (i + 0.5) - 0.5)
  const cell = Math.min(Math.floor(place), input - 1)
  const weight = Math.min(place - cell, 1)
  return cell + 1 < input && weight > 0
    ? [
        [cell, 1 - weight],
        [cell + 1, weight],
      ]
    : [[cell, 1]]
}

/** Sums over the nearest cells along each dimension, or the nearest one, with PyTorch's coordinates. */
export function interpolate(x: Dense, options: Resize): Dense {
  const [n, c, ...sizes] = x.shape as [number, number, ...number[]]
  const outputs = options.size ?? sizes.map((size, d) => Math.floor(size * options.factor![d]!))
  return make([n, c, ...outputs], ([image, channel, ...output]) => {
    const along = sizes.map((size, d) => sources(size, outputs[d]!, options.factor?.[d], output[d]!, options))
    let sum = 0
    for (const choice of indices(along.map(({ length }) => length))) {
      const chosen = choice.map((k, d) => along[d]![k]!)
      const weight = chosen.reduce((product, [, w]) => product * w!, 1)
      sum += weight * at(x, [image!, channel!, ...chosen.map(([cell]) => cell!)])
    }
    return sum
  })
}
