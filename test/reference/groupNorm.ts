import { type Dense, make, volume } from './array.js'

/**
 * (x − mean) / √(variance + eps) · weight + bias, where groupOf tells which elements share statistics and parameterOf
 * which parameter an element has.
 */
function normalise(
  x: Dense,
  groupOf: (i: number) => number,
  parameterOf: (i: number) => number,
  weight?: Dense,
  bias?: Dense,
  eps = 1e-5,
): Dense {
  const groups = new Map<number, number[]>()
  x.data.forEach((v, i) => groups.set(groupOf(i), [...(groups.get(groupOf(i)) ?? []), v]))
  const statistics = new Map([...groups].map(([group, values]) => [group, moments(values)]))
  const data = x.data.map((v, i) => {
    const { mean, variance } = statistics.get(groupOf(i))!
    const p = parameterOf(i)
    return ((v - mean) / Math.sqrt(variance + eps)) * (weight?.data[p] ?? 1) + (bias?.data[p] ?? 0)
  })
  return { shape: x.shape, data }
}

function moments(values: number[]): { mean: number; variance: number } {
  const mean = values.reduce((a, b) => a + b, 0) / values.length
  return { mean, variance: values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length }
}

export function layerNorm(x: Dense, dims: number, weight?: Dense, bias?: Dense, eps?: number): Dense {
  const size = volume(x.shape.slice(x.shape.length - dims))
  return normalise(
    x,
    (i) => Math.floor(i / size),
    (i) => i % size,
    weight,
    bias,
    eps,
  )
}

export function groupNorm(x: Dense, groups: number, weight?: Dense, bias?: Dense, eps?: number): Dense {
  const inner = volume(x.shape.slice(2))
  const channels = x.shape[1]!
  const size = (inner * channels) / groups
  return normalise(
    x,
    (i) => Math.floor(i / size),
    (i) => Math.floor(i / inner) % channels,
    weight,
    bias,
    eps,
  )
}

/** The running statistics after a step: moved towards the means over the samples. */
export function movedByInstances(x: Dense, runningMean: Dense, runningVar: Dense, momentum = 0.1) {
  const [n, channels] = x.shape as [number, number]
  const inner = volume(x.shape.slice(2))
  const of = (c: number) =>
    Array.from({ length: n }, (_, i) =>
      moments([...x.data.slice((i * channels + c) * inner, (i * channels + c + 1) * inner)]),
    )
  const average = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length
  const moved = (old: Dense, now: (c: number) => number) =>
    make([channels], ([c]) => (1 - momentum) * old.data[c!]! + momentum * now(c!))
  return {
    runningMean: moved(runningMean, (c) => average(of(c).map(({ mean }) => mean))),
    runningVar: moved(runningVar, (c) => average(of(c).map(({ variance }) => (variance * inner) / (inner - 1)))),
  }
}
