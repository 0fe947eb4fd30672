// How ONNX says where windows lie, and how ours are told.
import type { Padding } from '../../ops/window.js'
import type { Sizes } from '../../ops/check.js'
import type { GraphNode } from '../node.js'

export interface WindowAttributes {
  readonly kernel: readonly number[] | undefined
  readonly stride: readonly number[] | undefined
  readonly dilation: readonly number[] | undefined
  readonly ceil: boolean
  /** For each side, how much is added before and after it. */
  readonly ends: (sides: readonly number[], kernel: readonly number[]) => (readonly [before: number, after: number])[]
}

const AUTO = ['NOTSET', 'SAME_UPPER', 'SAME_LOWER', 'VALID'] as const

export function windowAttributes(node: GraphNode): WindowAttributes {
  const positive = (name: string, value: number[] | undefined) =>
    value?.some((each) => each < 1) ? node.fail(`expected ${name} from 1 on, got [${value.join(', ')}]`) : value
  const [kernel, stride, dilation] = ['kernel_shape', 'strides', 'dilations'].map((name) =>
    positive(name, node.ints(name)),
  )
  const pads = node.ints('pads')
  if (pads?.some((each) => each < 0)) node.fail(`expected pads from 0 on, got [${pads.join(', ')}]`)
  const auto = node.word('auto_pad', AUTO, 'NOTSET')
  const along = (size: number, window: number, step: number, distance: number): readonly [number, number] => {
    const reach = distance * (window - 1) + 1
    const total = Math.max(0, (Math.ceil(size / step) - 1) * step + reach - size)
    const less = Math.floor(total / 2)
    return auto === 'SAME_UPPER' ? [less, total - less] : [total - less, less]
  }
  const ends: WindowAttributes['ends'] = (sides, window) => {
    const rank = sides.length
    for (const [name, list, length] of [
      ['kernel_shape', window, rank],
      ['strides', stride, rank],
      ['dilations', dilation, rank],
      ['pads', pads, 2 * rank],
    ] as const)
      if (list && list.length !== length) node.fail(`expected ${length} numbers as ${name}, got ${list.length}`)
    const result = sides.map((size, d): readonly [number, number] => {
      if (auto === 'VALID') return [0, 0]
      if (auto !== 'NOTSET') return along(size, window[d]!, stride?.[d] ?? 1, dilation?.[d] ?? 1)
      return [pads?.[d] ?? 0, pads?.[d + rank] ?? 0]
    })
    node.sized(result.map(([before, after], d) => sides[d]! + before + after))
    return result
  }
  return { kernel, stride, dilation, ceil: node.flag('ceil_mode'), ends }
}

type Ends = readonly (readonly [before: number, after: number])[]

/** The padding as ours take it; undefined where it differs from one end to the other. */
export const evenPadding = (ends: Ends): Padding<Sizes> | undefined =>
  ends.every(([before, after]) => before === after) ? ends.map(([before]) => before) : undefined

/** The padding as `pad` takes it, from the last dimension on. */
export const padList = (ends: Ends): number[] => ends.toReversed().flat()
