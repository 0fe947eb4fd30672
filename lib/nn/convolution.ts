import type { Sizes } from '../ops/check.js'
import { emptyParameter, type FactoryOptions, resetFan } from './factory.js'
import { Module } from './module.js'
import type { Parameter } from './parameter.js'
import { python } from './print.js'
import { type Each, eachSide, positiveInteger, sizes } from './validate.js'

/** What all kinds of convolutions are told. */
export interface ConvolutionOptions<S extends Sizes> extends FactoryOptions {
  /** Step of the window; default 1. */
  stride?: S
  /** Distance between the window's taps; default 1. */
  dilation?: S
  /** Into how many separate convolutions the channels are split; default 1. */
  groups?: number
  /** Whether a bias is added; default true. */
  bias?: boolean
}

/** What convolutions, transposed or not, over one to three sides have in common. */
export abstract class Convolution<S extends Sizes> extends Module {
  /** Channels of the input. */
  readonly inChannels: number
  /** Channels of the output: the number of filters. */
  readonly outChannels: number
  /** Size of the window, side by side. */
  readonly kernelSize: Each<S>
  /** Step of the window. */
  readonly stride: Each<S>
  /** Zeros on each side of the input. */
  abstract readonly padding: Each<S> | 'same' | 'valid'
  /** Distance between the window's taps. */
  readonly dilation: Each<S>
  /** Of transposed convolutions: what the output's sides are longer by. */
  readonly outputPadding?: Each<S>
  /** Into how many separate convolutions the channels are split. */
  readonly groups: number
  /** [outChannels, inChannels / groups, …kernelSize]; transposed, [inChannels, outChannels / groups, …kernelSize] */
  weight: Parameter
  /** [outChannels] */
  bias: Parameter | undefined

  /** @throws RangeError when a size is not a positive integer or the groups do not divide the channels */
  constructor(
    rank: number,
    /** Whether the filters are placed on the inputs, not for the outputs. */
    readonly transposed: boolean,
    inChannels: number,
    outChannels: number,
    kernelSize: S,
    options: ConvolutionOptions<S>,
  ) {
    super()
    const owner = new.target.name
    const each = (name: string, value: S) => eachSide(sizes(owner, name, value, rank, 1), rank)
    this.inChannels = positiveInteger(owner, 'inChannels', inChannels)
    this.outChannels = positiveInteger(owner, 'outChannels', outChannels)
    this.kernelSize = each('kernelSize', kernelSize)
    this.stride = each('stride', options.stride ?? (1 as S))
    this.dilation = each('dilation', options.dilation ?? (1 as S))
    this.groups = positiveInteger(owner, 'groups', options.groups ?? 1)
    if (inChannels % this.groups || outChannels % this.groups)
      throw new RangeError(
        `${owner}: expected inChannels and outChannels to be multiples of groups = ${this.groups}, ` +
          `got ${inChannels} and ${outChannels}`,
      )
    const [first, second] = transposed ? [inChannels, outChannels] : [outChannels, inChannels]
    this.weight = emptyParameter(owner, [first, second / this.groups, ...this.kernelSize], options)
    this.bias = options.bias === false ? undefined : emptyParameter(owner, [outChannels], options)
    resetFan(this.weight, this.bias, options.generator)
  }

  override extraRepr(): string {
    const parts = [
      `${this.inChannels}, ${this.outChannels}, kernel_size=${python(this.kernelSize)}, stride=${python(this.stride)}`,
    ]
    const unlike = (value: Each<S> | string, usual: number) =>
      typeof value === 'string' || value.some((each) => each !== usual)
    if (unlike(this.padding, 0)) parts.push(`padding=${python(this.padding)}`)
    if (unlike(this.dilation, 1)) parts.push(`dilation=${python(this.dilation)}`)
    if (this.outputPadding && unlike(this.outputPadding, 0)) parts.push(`output_padding=${python(this.outputPadding)}`)
    if (this.groups !== 1) parts.push(`groups=${this.groups}`)
    if (!this.bias) parts.push('bias=False')
    return parts.join(', ')
  }
}
