import { tensor } from '../create.js'
import type { Device } from '../device.js'
import { ShapeError } from '../errors.js'
import { sizeOf } from '../shape.js'
import { Tensor } from '../tensor.js'
import type { Elements } from './elements.js'

/** Most numbers that JavaScript computes with at a time: shapes, axes and indices have few. */
const MOST = 2 ** 22

/** Numbers that JavaScript computes with: shapes, axes, bounds, and scalars. */
export class Numbers {
  readonly values: readonly number[]

  /** @throws {ShapeError} when there are not as many as the shape says */
  constructor(
    readonly shape: readonly number[],
    values: readonly number[],
    readonly kind: Elements['kind'] = 'int',
  ) {
    // As where they are float32: what is rounded down at last must not lie just below a whole number.
    this.values = kind === 'float' ? values.map(Math.fround) : values
    if (sizeOf(shape) !== values.length)
      throw new ShapeError(`expected ${sizeOf(shape)} numbers for [${shape.join(', ')}], got ${values.length}`)
  }

  static vector(values: readonly number[]): Numbers {
    return new Numbers([values.length], values)
  }

  /** As many numbers as the shape says, made one by one. @throws {ShapeError} when they are too many */
  static from(shape: readonly number[], kind: Elements['kind'], make: (i: number) => number): Numbers {
    const length = sizeOf(shape)
    if (!(length <= MOST) || shape.some((d) => !Number.isInteger(d) || d < 0))
      throw new ShapeError(`expected at most ${MOST} numbers for shape arithmetic, got [${shape.join(', ')}]`)
    return new Numbers(
      shape,
      Array.from({ length }, (_, i) => make(i)),
      kind,
    )
  }
}

/** What flows along the edges of a graph. */
export type Value = Tensor | Numbers

const dtypes = { float: 'float32', int: 'int32', bool: 'uint8' } as const

export const toTensor = (value: Value, device: Device): Tensor =>
  value instanceof Tensor
    ? value
    : tensor(Float64Array.from(value.values), { shape: value.shape, dtype: dtypes[value.kind], device })
