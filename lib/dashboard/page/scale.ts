/** From values to places, with round values to write beside. */
export interface Scale {
  readonly place: (value: number) => number
  readonly ticks: readonly number[]
}

/** Evenly spaced, with about so many ticks. */
export function linear(
  [low, high]: readonly [number, number],
  [from, to]: readonly [number, number],
  count: number,
): Scale {
  const step = roundStep((high - low) / count)
  const first = Math.ceil(low / step - 1e-9)
  const last = Math.floor(high / step + 1e-9)
  return {
    place: (value) => from + ((value - low) / (high - low)) * (to - from),
    ticks: Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12))),
  }
}

/** By orders of magnitude. */
export function logarithmic([low, high]: readonly [number, number], ends: readonly [number, number]): Scale {
  const { place } = linear([Math.log10(low), Math.log10(high)], ends, 1)
  const powers = (factors: readonly number[]) => {
    const all: number[] = []
    for (let exponent = Math.floor(Math.log10(low)); exponent <= Math.ceil(Math.log10(high)); exponent++)
      for (const factor of factors) all.push(Number((factor * 10 ** exponent).toPrecision(6)))
    return all.filter((tick) => tick >= low && tick <= high)
  }
  const choices = [powers([1]), powers([1, 3]), powers([1, 2, 5]), powers([1, 2, 3, 4, 5, 6, 7, 8, 9])]
  const ticks = choices.find((each) => each.length >= 3) ?? choices.at(-1)!
  return {
    place: (value) => place(Math.log10(value)),
    ticks: ticks.filter((_, i) => i % Math.ceil(ticks.length / 6) === 0),
  }
}

/** 1, 2 or 5 times a power of ten, the one nearest to the step. */
function roundStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step))
  const share = step / power
  return power * (share < Math.SQRT2 ? 1 : share < Math.sqrt(10) ? 2 : share < Math.sqrt(50) ? 5 : 10)
}

/** From the least to the greatest value, never empty. */
export function rangeOf(values: readonly number[]): [number, number] {
  let [low, high] = [Infinity, -Infinity]
  for (const value of values) {
    if (value < low) low = value
    if (value > high) high = value
  }
  if (low > high) return [0, 1]
  if (low < high) return [low, high]
  return low === 0 ? [0, 1] : [low - Math.abs(low) / 2, high + Math.abs(high) / 2]
}
