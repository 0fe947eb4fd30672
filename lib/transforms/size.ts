import { checkSizes, type Pair } from '../ops/check.js'
import type { Tensor } from '../tensor.js'
import { centerCrop, checkPadding, pad, type Padding, type PadOptions } from './functional/crop.js'
import { resize, type ResizeOptions } from './functional/resize.js'
import { Transform } from './transform.js'

/** See {@link resize}: a size for the shorter edge, or [height, width]. */
export class Resize extends Transform {
  /** @throws {RangeError} when a size is not a positive integer */
  constructor(
    /** Of the result; a number is that of the shorter side. */
    readonly size: Pair,
    /** How it is resized. */
    readonly options: ResizeOptions = {},
  ) {
    super()
    checkSizes('Resize', 'size', size, 2, 1)
  }

  forward(x: Tensor): Tensor {
    return resize(x, this.size, this.options)
  }
}

/** See {@link centerCrop}. */
export class CenterCrop extends Transform {
  /** @throws {RangeError} when a size is not a positive integer */
  constructor(
    /** Of the result. */
    readonly size: Pair,
  ) {
    super()
    checkSizes('CenterCrop', 'size', size, 2, 1)
  }

  forward(x: Tensor): Tensor {
    return centerCrop(x, this.size)
  }
}

/** See {@link pad}. */
export class Pad extends Transform {
  /** @throws {RangeError} for padding that is none */
  constructor(
    /** Pixels on each side. */
    readonly padding: Padding,
    /** What stands there. */
    readonly options: PadOptions = {},
  ) {
    super()
    checkPadding('Pad', padding)
  }

  forward(x: Tensor): Tensor {
    return pad(x, this.padding, this.options)
  }
}
