import { describe } from '../errors.js'
import { pad, type PadOptions } from '../ops/pad.js'
import type { Tensor } from '../tensor.js'
import { Module } from './module.js'
import { python, pythonFloat } from './print.js'

/** Elements at every end of the padded dimensions, or at each: [left, right, top, bottom, front, back]. */
export type PadSizes = number | readonly number[]

/** Elements added at the ends of the last dimensions; negative numbers take away. See {@link pad}. */
abstract class Pad extends Module {
  /** At each end, as `pad` takes it. */
  readonly padding: readonly number[]
  readonly #options: PadOptions

  constructor(rank: number, padding: PadSizes, options: PadOptions) {
    super()
    const each = typeof padding === 'number' ? new Array<number>(2 * rank).fill(padding) : padding
    if (!Array.isArray(each) || each.length !== 2 * rank || !each.every((p) => Number.isSafeInteger(p)))
      throw new RangeError(
        `${new.target.name}: expected padding to be a whole number or ${2 * rank} of them, got ${describe(padding)}`,
      )
    this.padding = [...(each as readonly number[])]
    this.#options = options
  }

  forward(x: Tensor): Tensor {
    return pad(x, this.padding, this.#options)
  }

  override extraRepr(): string {
    return python(this.padding)
  }
}

abstract class ConstantPad extends Pad {
  constructor(
    rank: number,
    padding: PadSizes,
    /** What stands around. */
    readonly value: number,
  ) {
    super(rank, padding, { value })
  }

  /** What `print` shows between the parentheses: padding and value. */
  override extraRepr(): string {
    return `padding=${python(this.padding)}, value=${pythonFloat(this.value)}`
  }
}

/** A constant beyond [N, C, L]. */
export class ConstantPad1d extends ConstantPad {
  /** @throws {RangeError} unless padding is a whole number, or 2 of them */
  constructor(padding: PadSizes, value: number) {
    super(1, padding, value)
  }
}

/** A constant beyond [N, C, H, W]. */
export class ConstantPad2d extends ConstantPad {
  /** @throws {RangeError} unless padding is a whole number, or 4 of them */
  constructor(padding: PadSizes, value: number) {
    super(2, padding, value)
  }
}

/** A constant beyond [N, C, D, H, W]. */
export class ConstantPad3d extends ConstantPad {
  /** @throws {RangeError} unless padding is a whole number, or 6 of them */
  constructor(padding: PadSizes, value: number) {
    super(3, padding, value)
  }
}

/** Zeros beyond [N, C, L]. */
export class ZeroPad1d extends Pad {
  /** @throws {RangeError} unless padding is a whole number, or 2 of them */
  constructor(padding: PadSizes) {
    super(1, padding, {})
  }
}

/** Zeros beyond [N, C, H, W]. */
export class ZeroPad2d extends Pad {
  /** @throws {RangeError} unless padding is a whole number, or 4 of them */
  constructor(padding: PadSizes) {
    super(2, padding, {})
  }
}

/** Zeros beyond [N, C, D, H, W]. */
export class ZeroPad3d extends Pad {
  /** @throws {RangeError} unless padding is a whole number, or 6 of them */
  constructor(padding: PadSizes) {
    super(3, padding, {})
  }
}

/** [N, C, L] mirrored at its first and last element. */
export class ReflectionPad1d extends Pad {
  /** @throws {RangeError} unless padding is a whole number, or 2 of them */
  constructor(padding: PadSizes) {
    super(1, padding, { mode: 'reflect' })
  }
}

/** [N, C, H, W] mirrored at its borders. */
export class ReflectionPad2d extends Pad {
  /** @throws {RangeError} unless padding is a whole number, or 4 of them */
  constructor(padding: PadSizes) {
    super(2, padding, { mode: 'reflect' })
  }
}

/** [N, C, D, H, W] mirrored at its borders. */
export class ReflectionPad3d extends Pad {
  /** @throws {RangeError} unless padding is a whole number, or 6 of them */
  constructor(padding: PadSizes) {
    super(3, padding, { mode: 'reflect' })
  }
}

/** [N, C, L] with its first and last element repeated. */
export class ReplicationPad1d extends Pad {
  /** @throws {RangeError} unless padding is a whole number, or 2 of them */
  constructor(padding: PadSizes) {
    super(1, padding, { mode: 'replicate' })
  }
}

/** [N, C, H, W] with its borders repeated. */
export class ReplicationPad2d extends Pad {
  /** @throws {RangeError} unless padding is a whole number, or 4 of them */
  constructor(padding: PadSizes) {
    super(2, padding, { mode: 'replicate' })
  }
}

/** [N, C, D, H, W] with its borders repeated. */
export class ReplicationPad3d extends Pad {
  /** @throws {RangeError} unless padding is a whole number, or 6 of them */
  constructor(padding: PadSizes) {
    super(3, padding, { mode: 'replicate' })
  }
}
