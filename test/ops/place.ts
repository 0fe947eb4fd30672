import { type Device, reshape, slice, tensor, type Tensor, toChannelsLast } from 'convcore'
import type { Dense } from '../reference/array.js'
import type { Case } from './case.js'

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
  readonly device?: Device
}

const arrays = { float32: Float32Array, float64: Float64Array, int32: Int32Array, uint8: Uint8Array }

/** The inputs of a case as tensors, and their values as the dtypes round them. */
export function fill(
  test: Case,
  values: readonly Dense[],
  { dtype = 'float64', placement = 'rows', device = 'cpu:0' }: Filling = {},
): [Tensor[], Dense[]] {
  const rounded = values.map(({ data }, i) => arrays[test.inputs[i]!.dtype ?? dtype].from(data))
  const tensors = rounded.map((data, i) => {
    const { shape } = values[i]!
    const float = data instanceof Float32Array || data instanceof Float64Array
    const last = placement === 'channels last' || (placement === 'mixed' && i % 2 === 0)
    if (placement === 'slices' && !test.inPlace?.includes(i)) return asSlice(data, shape, device)
    const rows = tensor(data, { shape, device })
    return last && float && shape.length === 4 ? toChannelsLast(rows) : rows
  })
  return [tensors, rounded.map((data, i) => ({ shape: values[i]!.shape, data: Float64Array.from(data) }))]
}

function asSlice(
  data: Float32Array | Float64Array | Int32Array | Uint8Array,
  shape: readonly number[],
  device: Device,
): Tensor {
  const longer = new (data.constructor as typeof Float64Array)(data.length + 2).fill(7)
  longer.set(data, 1)
  return reshape(slice(tensor(longer, { device }), 0, 1, data.length + 1), shape)
}
