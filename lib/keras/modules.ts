import { LayerNorm } from '../nn/groupNorm.js'
import { constant_ } from '../nn/init.js'
import { emptyParameter } from '../nn/factory.js'
import { Module } from '../nn/module.js'
import type { Parameter } from '../nn/parameter.js'
import { python, pythonFloat } from '../nn/print.js'
import { hardtanh } from '../ops/activation.js'
import { gt, where } from '../ops/compare.js'
import { add, mul } from '../ops/elementwise.js'
import type { Tensor } from '../tensor.js'

/** [N, C, …] → [N, …, C], as Keras has images; [N, C] stays. */
export const channelsLast = (x: Tensor): Tensor =>
  x.rank < 3 ? x : x.permute(0, ...Array.from({ length: x.rank - 2 }, (_, i) => i + 2), 1)

/** [N, …, C] → [N, C, …]. */
const channelsFirst = (x: Tensor): Tensor =>
  x.rank < 3 ? x : x.permute(0, x.rank - 1, ...Array.from({ length: x.rank - 2 }, (_, i) => i + 1))

/** Keras' Reshape: the elements of a sample in the order H, W, C under another shape, whose last dimension is channels. */
export class Reshape extends Module {
  /** @param targetShape of a sample, channels last; one −1 takes what is left */
  constructor(readonly targetShape: readonly number[]) {
    super()
  }

  forward(x: Tensor): Tensor {
    return channelsFirst(channelsLast(x).reshape([x.shape[0]!, ...this.targetShape]))
  }

  override extraRepr(): string {
    return python(this.targetShape)
  }
}

/** Keras' Permute: the dimensions of samples, channels last and counted from 1, in another order. */
export class Permute extends Module {
  constructor(readonly dims: readonly number[]) {
    super()
  }

  forward(x: Tensor): Tensor {
    return channelsFirst(channelsLast(x).permute(0, ...this.dims))
  }

  override extraRepr(): string {
    return python(this.dims)
  }
}

/** A flattened image [N, C·H·W] in the order in which Keras flattens: H, W, C. */
export class ChannelsLastOrder extends Module {
  /** @param image [C, H, W] */
  constructor(readonly image: readonly number[]) {
    super()
  }

  forward(x: Tensor): Tensor {
    return channelsLast(x.reshape([x.shape[0]!, ...this.image])).flatten(1)
  }

  override extraRepr(): string {
    return python(this.image)
  }
}

/** Layer normalisation over the channels of each place of [N, C, …]. */
export class ChannelNorm extends LayerNorm {
  override forward(x: Tensor): Tensor {
    return channelsFirst(super.forward(channelsLast(x)))
  }
}

/** Keras' PReLU with a weight for each element of a sample: x above 0, else weight · x. */
export class ElementPReLU extends Module {
  /** [C, …], of a sample or of 1 where a dimension shares it */
  weight: Parameter

  constructor(shape: readonly number[]) {
    super()
    this.weight = emptyParameter('ElementPReLU', [...shape], {})
    constant_(this.weight, 0)
  }

  forward(x: Tensor): Tensor {
    return where(gt(x, 0), x, mul(x, this.weight))
  }

  override extraRepr(): string {
    return python(this.weight.shape)
  }
}

/** Keras 2's hard sigmoid: min(max(0.2 · x + 0.5, 0), 1). */
export class HardSigmoid2 extends Module {
  forward(x: Tensor): Tensor {
    return hardtanh(add(mul(x, 0.2), 0.5), 0, 1)
  }
}

/** scale · x + offset. */
export class Rescaling extends Module {
  constructor(
    readonly scale: number,
    readonly offset: number,
  ) {
    super()
  }

  forward(x: Tensor): Tensor {
    return add(mul(x, this.scale), this.offset)
  }

  override extraRepr(): string {
    return `scale=${pythonFloat(this.scale)}, offset=${pythonFloat(this.offset)}`
  }
}
