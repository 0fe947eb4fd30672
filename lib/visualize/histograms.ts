import { describe } from '../errors.js'
import type { Module } from '../nn/module.js'
import { checkWhole } from '../ops/check.js'
import { Scope } from '../scope.js'
import { Tensor } from '../tensor.js'
import { activations } from './activations.js'
import type { LayerLike } from './layers.js'
import type { Picture } from './picture.js'
import { type Panel, plot, type PlotOptions, type Point } from './plot.js'

/** Options of {@link histograms} and {@link activationHistograms}. */
export interface HistogramOptions extends PlotOptions {
  /** How many bars; default 40. */
  bins?: number
  /** The values that bars are for, others are not counted; default: from the least to the greatest of each tensor. */
  range?: readonly [least: number, greatest: number]
}

/**
 * How the values of tensors are spread: a panel for each, with its mean and standard deviation.
 *
 * @param tensors by name: a model's `stateDict()`, say, or what `activations` gives
 * @throws {TypeError} unless they are tensors, {RangeError} when there is none
 */
export async function histograms(
  tensors: Readonly<Record<string, Tensor>>,
  { bins = 40, range, ...layout }: HistogramOptions = {},
): Promise<Picture> {
  checkWhole('histograms', 'bins', bins, 1)
  if (range && !(range[0] < range[1]))
    throw new RangeError(`histograms: expected range to be [least, greatest], got ${describe(range)}`)
  const panels = Object.entries(tensors).map(async ([name, x]): Promise<Panel> => {
    if (!(x instanceof Tensor)) throw new TypeError(`histograms: expected '${name}' to be a tensor, got ${describe(x)}`)
    const values = await x.data()
    const { mean, std } = moments(values)
    const subtitle = `mean ${mean.toPrecision(3)}, deviation ${std.toPrecision(3)}`
    return {
      title: name,
      subtitle,
      xName: 'value',
      series: [{ name: 'values', kind: 'bars', points: count(values, bins, range) }],
    }
  })
  return plot(await Promise.all(panels), layout)
}

/**
 * What the layers of a model put out for an input, each as a histogram: whether initial weights keep signals alive.
 *
 * @param layers default: all that have no layers below them
 */
export async function activationHistograms(
  model: Module,
  input: Tensor,
  { layers, ...options }: HistogramOptions & { layers?: readonly LayerLike[] } = {},
): Promise<Picture> {
  using work = new Scope()
  return await histograms(
    work.run(() => activations(model, input, layers)),
    options,
  )
}

type Values = ArrayLike<number>

function moments(values: Values): { mean: number; std: number } {
  let [sum, squares] = [0, 0]
  for (let i = 0; i < values.length; i++) sum += values[i]!
  const mean = sum / values.length
  for (let i = 0; i < values.length; i++) squares += (values[i]! - mean) ** 2
  return { mean, std: Math.sqrt(squares / values.length) }
}

/** The middle of each bin and how many values are in it; the greatest value is in the last one. */
function count(values: Values, bins: number, range?: readonly [number, number]): Point[] {
  let [least, greatest] = range ?? [Infinity, -Infinity]
  if (!range)
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!
      if (!Number.isFinite(value)) continue
      if (value < least) least = value
      if (value > greatest) greatest = value
    }
  if (least > greatest) return []
  if (least === greatest) [least, greatest] = [least - 0.5, greatest + 0.5]
  const width = (greatest - least) / bins
  const counts = new Array<number>(bins).fill(0)
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (value >= least && value <= greatest) counts[Math.min(bins - 1, Math.floor((value - least) / width))]!++
  }
  return counts.map((n, i) => [least + (i + 0.5) * width, n])
}
