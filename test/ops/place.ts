import { type Device, reshape, slice, tensor, type Tensor, toChannelsLast, type TypedArray } from 'convcore'
import type { Dense } from '../reference/array.js'
import { arrayOf, type Case } from './case.js'

export type Float = 'float32' | 'float64'

/**
 * How the inputs lie in memory: row by row; images channels-last; all as slices of something larger, at an address that
 * is aligned to an element and no more; or every second one channels-last.
 */
export const placements = ['rows', 'channels last', 'slices', 'mixed'] as const
export type Placement = (typeof placements)[number]

export interface Filling {
  readonly dtype?: Float
  readonly placement?: Placement
  /** Default: the default device. */
  readonly device?: Device | undefined
}

/** The inputs of a case as tensors. */
export function fill(
  test: Case,
  values: readonly Dense[],
  { dtype = 'float64', placement = 'rows', device }: Filling = {},
): Tensor[] {
  return values.map(({ shape, data }, i) => {
    const array = arrayOf(test.inputs[i]!.dtype ?? dtype, data)
    if (placement === 'slices' && !test.inPlace?.includes(i)) return asSlice(array, shape, device)
    const last = placement === 'channels last' || (placement === 'mixed' && i % 2 === 0)
    const rows = tensor(array, { shape, device })
    return last && (shape.length === 4 || shape.length === 5) ? toChannelsLast(rows) : rows
  })
}

function asSlice(data: TypedArray, shape: readonly number[], device?: Device): Tensor {
  const longer = new (data.constructor as typeof Float64Array)(data.length + 2).fill(7)
  longer.set(data, 1)
  return reshape(slice(tensor(longer, { device }), 0, 1, data.length + 1), shape)
}
