import { scope } from '../scope.js'
import type { Tensor } from '../tensor.js'

/** An object that is called like a function; a call runs its `forward`, and frees what that makes on the way. */
export abstract class Called {
  constructor() {
    const self = ((...args: never[]) => scope(() => self.forward(...args))) as unknown as this
    Object.setPrototypeOf(self, new.target.prototype)
    // A function's own read-only `name` and `length` would stand in the way of a subclass's fields.
    delete (self as { name?: string }).name
    delete (self as { length?: number }).length
    return self
  }

  /** What a call computes. */
  abstract forward(...args: never[]): unknown
}

// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- the only way to type `transform(x)`
export interface Transform {
  (x: Tensor): Tensor
}

/** What changes images: it is called with an image [C, H, W] or a batch [N, C, H, W]. A subclass computes in `forward`. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging
export abstract class Transform extends Called {
  /**
   * @param x an image [C, H, W] or a batch [N, C, H, W]; uint8 from 0 to 255, or float from 0 to 1
   * @returns the changed one
   * @throws {ShapeError} {@link DTypeError} for what is no image
   */
  abstract override forward(x: Tensor): Tensor
}

/** What a transform does: an object of a class here, or any function. */
export type TransformLike = (x: Tensor) => Tensor
