import { conv2d } from '../ops/conv.js'
import type { Tensor } from '../tensor.js'
import { emptyParameter, type FactoryOptions, resetFan } from './factory.js'
import { Module } from './module.js'
import type { Parameter } from './parameter.js'
import { python } from './print.js'
import { type Each, eachSide, type Pair, padding, positiveInteger, sizes } from './validate.js'

export interface Conv2dOptions extends FactoryOptions {
  /** Step of the window; default 1. */
  stride?: Pair
  /** Zeros on each side (default 0), or 'same': ⌈size / stride⌉ outputs, the odd zero at the bottom and right. */
  padding?: Pair | 'same' | 'valid'
  /** Distance between the window's taps; default 1. */
  dilation?: Pair
  /** Into how many separate convolutions the channels are split; default 1. */
  groups?: number
  /** Whether a bias is added; default true. */
  bias?: boolean
}

/** Cross-correlation with learnt filters: [N, inChannels, H, W] → [N, outChannels, P, Q]. */
export class Conv2d extends Module {
  readonly inChannels: number
  readonly outChannels: number
  readonly kernelSize: Each<Pair>
  readonly stride: Each<Pair>
  readonly padding: Each<Pair> | 'same' | 'valid'
  readonly dilation: Each<Pair>
  readonly groups: number
  /** [outChannels, inChannels / groups, height, width] */
  weight: Parameter
  /** [outChannels] */
  bias: Parameter | undefined

  /** @throws RangeError when a size is not a positive integer or the groups do not divide the channels */
  constructor(inChannels: number, outChannels: number, kernelSize: Pair, options: Conv2dOptions = {}) {
    super()
    this.inChannels = positiveInteger('Conv2d', 'inChannels', inChannels)
    this.outChannels = positiveInteger('Conv2d', 'outChannels', outChannels)
    this.kernelSize = eachSide(sizes('Conv2d', 'kernelSize', kernelSize, 2, 1), 2)
    this.stride = eachSide(sizes('Conv2d', 'stride', options.stride ?? 1, 2, 1), 2)
    const pad = padding('Conv2d', options.padding ?? 0, 2)
    this.padding = typeof pad === 'string' ? pad : eachSide(pad, 2)
    this.dilation = eachSide(sizes('Conv2d', 'dilation', options.dilation ?? 1, 2, 1), 2)
    this.groups = positiveInteger('Conv2d', 'groups', options.groups ?? 1)
    if (inChannels % this.groups || outChannels % this.groups)
      throw new RangeError(
        `Conv2d: expected inChannels and outChannels to be multiples of groups = ${this.groups}, ` +
          `got ${inChannels} and ${outChannels}`,
      )
    const shape = [outChannels, inChannels / this.groups, ...this.kernelSize]
    this.weight = emptyParameter('Conv2d', shape, options)
    this.bias = options.bias === false ? undefined : emptyParameter('Conv2d', [outChannels], options)
    resetFan(this.weight, this.bias, options.generator)
  }

  forward(x: Tensor): Tensor {
    return conv2d(x, this.weight, this.bias, this)
  }

  override extraRepr(): string {
    const parts = [
      `${this.inChannels}, ${this.outChannels}, kernel_size=${python(this.kernelSize)}, stride=${python(this.stride)}`,
    ]
    if (String(this.padding) !== '0,0') parts.push(`padding=${python(this.padding)}`)
    if (String(this.dilation) !== '1,1') parts.push(`dilation=${python(this.dilation)}`)
    if (this.groups !== 1) parts.push(`groups=${this.groups}`)
    if (!this.bias) parts.push('bias=False')
    return parts.join(', ')
  }
}
