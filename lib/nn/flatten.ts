import { ShapeError } from '../errors.js'
import { checkDim, showShape, sizeOf, type Shape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { Module } from './module.js'
import { python } from './print.js'

/** Joins the dimensions from `startDim` to `endDim` (both included) into one: [N, C, H, W] → [N, C·H·W]. */
export class Flatten extends Module {
  constructor(
    /** The first dimension that is joined. */
    readonly startDim = 1,
    /** The last one, included; negative counts from the end. */
    readonly endDim = -1,
  ) {
    super()
  }

  forward(x: Tensor): Tensor {
    return x.flatten(this.startDim, this.endDim)
  }

  override extraRepr(): string {
    return `start_dim=${this.startDim}, end_dim=${this.endDim}`
  }
}

/** Splits one dimension into several, of which one may be −1: `new nn.Unflatten(1, [2, 5])` makes [N, 10] → [N, 2, 5]. */
export class Unflatten extends Module {
  constructor(
    /** The dimension that is taken apart. */
    readonly dim: number,
    /** What it becomes. */
    readonly unflattenedSize: Shape,
  ) {
    super()
  }

  /** @throws {ShapeError} when x has no such dimension, or its size is no product of the new ones */
  forward(x: Tensor): Tensor {
    const dim = checkDim('Unflatten', this.dim, x.rank)
    const [size, sizes] = [x.shape[dim]!, this.unflattenedSize]
    const known = sizeOf(sizes.filter((d) => d !== -1))
    if (sizes.includes(-1) ? size % known !== 0 : size !== known)
      throw new ShapeError(`Unflatten: expected a product of ${showShape(sizes)} in dimension ${dim}, got ${size}`)
    return x.reshape([...x.shape.slice(0, dim), ...sizes, ...x.shape.slice(dim + 1)])
  }

  override extraRepr(): string {
    return `dim=${this.dim}, unflattened_size=${python(this.unflattenedSize)}`
  }
}
