import { add, div, maximum, minimum, mul, sub } from '../ops/elementwise.js'
import { cat } from '../ops/join.js'
import type { Tensor } from '../tensor.js'
import { Module } from './module.js'

/** The sum of its arguments, broadcasting as NumPy: a shortcut, say. */
export class Add extends Module {
  forward(first: Tensor, ...others: Tensor[]): Tensor {
    return others.reduce((sum, x) => add(sum, x), first)
  }
}

/** The elementwise product of its arguments, broadcasting as NumPy: a gate, say. */
export class Multiply extends Module {
  forward(first: Tensor, ...others: Tensor[]): Tensor {
    return others.reduce((product, x) => mul(product, x), first)
  }
}

/** The first argument less the second, broadcasting as NumPy. */
export class Subtract extends Module {
  forward(first: Tensor, second: Tensor): Tensor {
    return sub(first, second)
  }
}

/** The elementwise mean of its arguments, broadcasting as NumPy. */
export class Average extends Module {
  forward(first: Tensor, ...others: Tensor[]): Tensor {
    return div(
      others.reduce((sum, x) => add(sum, x), first),
      others.length + 1,
    )
  }
}

/** The elementwise largest of its arguments, broadcasting as NumPy. */
export class Maximum extends Module {
  forward(first: Tensor, ...others: Tensor[]): Tensor {
    return others.reduce((most, x) => maximum(most, x), first)
  }
}

/** The elementwise least of its arguments, broadcasting as NumPy. */
export class Minimum extends Module {
  forward(first: Tensor, ...others: Tensor[]): Tensor {
    return others.reduce((least, x) => minimum(least, x), first)
  }
}

/** Its arguments joined along `dim`, by default 1, the channels. */
export class Concatenate extends Module {
  constructor(
    /** Along which tensors are joined. */
    readonly dim = 1,
  ) {
    super()
  }

  forward(...tensors: Tensor[]): Tensor {
    return cat(tensors, this.dim)
  }

  override extraRepr(): string {
    return `dim=${this.dim}`
  }
}

/**
 * A function of tensors as a layer, so that it fits into `Sequential` and graphs: `new nn.Lambda((x) => x.mul(2))`.
 * @typeParam F the function's type
 */
export class Lambda<F extends (...args: never[]) => unknown> extends Module {
  constructor(
    /** What a call runs. */
    readonly fn: F,
  ) {
    super()
  }

  forward(...args: Parameters<F>): ReturnType<F> {
    return this.fn(...args) as ReturnType<F>
  }

  override extraRepr(): string {
    return this.fn.name
  }
}
