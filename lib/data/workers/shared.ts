import { tensor } from '../../create.js'
import { type DType, dtypes, type TypedArray } from '../../dtype.js'
import { sameShape, type Shape, sizeOf } from '../../shape.js'
import type { Tensor } from '../../tensor.js'

/** Where a tensor's values lie in shared memory, in logical order. */
export interface Place {
  readonly dtype: DType
  readonly shape: Shape
  /** In bytes. */
  readonly offset: number
}

/** A tensor's values in memory that several threads see. */
export class SharedTensor {
  constructor(
    readonly place: Place,
    readonly memory: SharedArrayBuffer,
  ) {}

  get values(): TypedArray {
    const { dtype, shape, offset } = this.place
    return new dtypes[dtype].array(this.memory, offset, sizeOf(shape))
  }

  toTensor(): Tensor {
    return tensor(this.values, { shape: this.place.shape })
  }

  /** All of them as one, along a new first dimension, where they are of one kind and lie one after the other. */
  static join(parts: readonly unknown[]): SharedTensor | undefined {
    const [first] = parts as readonly SharedTensor[]
    const { dtype, shape, offset } = first!.place
    const bytes = sizeOf(shape) * dtypes[dtype].bytes
    const follows = (x: unknown, i: number) =>
      x instanceof SharedTensor &&
      x.place.dtype === dtype &&
      sameShape(x.place.shape, shape) &&
      x.place.offset === offset + i * bytes
    if (!parts.every(follows)) return undefined
    return new SharedTensor({ dtype, shape: [parts.length, ...shape], offset }, first!.memory)
  }
}
