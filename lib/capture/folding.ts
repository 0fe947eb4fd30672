import { allocLike } from '../alloc.js'
import { isGradEnabled, noGrad } from '../autograd.js'
import { kernels, native, pack, preserveStage } from '../native.js'
import type { Convolution } from '../ops/convolution.js'
import { disown, scope } from '../scope.js'
import type { Deferred, Storage } from '../storage.js'
import { sameShape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { outsideRecording } from './recording.js'

/** Statistics and parameters of a normalisation by constants. */
export interface Normalisation {
  readonly mean: Tensor
  readonly variance: Tensor
  readonly weight: Tensor | undefined
  readonly bias: Tensor | undefined
  readonly eps: number
  readonly residual: Tensor | undefined
  readonly relu: boolean
}

/**
 * Holds convolutions back while a step of inference is recorded, until somebody needs their result: a normalisation, a sum or
 * a ReLU that comes first becomes part of them. What depends on parameters alone is worked out at once, and kept.
 */
export class Folding {
  /** The memory of parameters that went into constants, and its version then. */
  readonly sources = new Map<Storage, number>()
  readonly #held = new Set<Held>()

  /**
   * @param isConstant whether a tensor stays as it is from run to run
   * @param hold keeps a tensor as long as the recording
   */
  constructor(
    readonly isConstant: (tensor: Tensor) => boolean,
    readonly hold: (tensor: Tensor) => Tensor,
  ) {}

  /** The result of a convolution that is held back; undefined when it cannot be. */
  conv(g: Convolution, x: Tensor, weight: Tensor, bias: Tensor | undefined): Tensor | undefined {
    if (!this.isConstant(weight) || (bias && !this.isConstant(bias))) return undefined
    const y = allocLike(g.op, x, g.y)
    for (const source of [weight, bias]) if (source) this.sources.set(source.storage, source.storage.version)
    this.#defer({ g, x, weight, bias, residual: undefined, relu: false }, y)
    return y
  }

  /** The result of a normalisation that became part of the convolution which gives x; undefined when there is none. */
  norm(x: Tensor, norm: Normalisation): Tensor | undefined {
    const { parts } = this.#heldIn(x) ?? {}
    const { mean, variance, weight, bias } = norm
    if (!parts || isFinished(parts) || x.shape[1] !== parts.weight.shape[0]) return undefined
    const operands = [mean, variance, weight, bias].filter((each) => each !== undefined)
    if (!operands.every(this.isConstant)) return undefined
    for (const { storage } of operands) this.sources.set(storage, storage.version)
    const [scaled, shift] = this.#constant(() => folded(parts, norm))
    const y = allocLike(parts.g.op, x)
    this.#defer({ ...parts, weight: scaled!, bias: shift, residual: norm.residual, relu: norm.relu }, y)
    return y
  }

  /** Likewise a + b, of one shape and layout. */
  add(a: Tensor, b: Tensor): Tensor | undefined {
    if (!sameShape(a.shape, b.shape) || kindOf(a) !== kindOf(b)) return undefined
    for (const [x, residual] of [
      [a, b],
      [b, a],
    ] as const) {
      const { parts } = this.#heldIn(x) ?? {}
      if (!parts || isFinished(parts)) continue
      const y = allocLike(parts.g.op, x)
      this.#defer({ ...parts, residual }, y)
      return y
    }
    return undefined
  }

  /** Likewise max(x, 0). */
  relu(x: Tensor): Tensor | undefined {
    const { parts } = this.#heldIn(x) ?? {}
    if (!parts || parts.relu) return undefined
    const y = allocLike(parts.g.op, x)
    this.#defer({ ...parts, relu: true }, y)
    return y
  }

  /** Enqueues all that is held back: something is about to change. */
  settle(): void {
    for (const held of [...this.#held]) held.storage.settle()
  }

  #heldIn({ storage }: Tensor): Held | undefined {
    return isGradEnabled() ? undefined : [...this.#held].find((held) => held.storage === storage)
  }

  #defer(parts: Parts, y: Tensor): void {
    const held: Held = {
      parts: { ...parts, x: disown(parts.x.alias()), residual: parts.residual && disown(parts.residual.alias()) },
      storage: y.storage,
      drop: () => {
        this.#held.delete(held)
        held.parts.x.dispose()
        held.parts.residual?.dispose()
      },
      enqueue: (handle) => {
        preserveStage(() => this.#enqueue(held.parts, handle))
        held.drop()
      },
    }
    this.#held.add(held)
    y.storage.defer(held)
  }

  #enqueue({ g, x, weight, bias, residual, relu }: Parts, y: number): void {
    const [prepared] = this.#constant(() => {
      const tensor = allocLike(g.op, weight, [native.preparedSize(pack(g.packed))])
      kernels.conv_prepare(pack(g.packed), weight.handle, tensor.handle)
      return [tensor]
    })
    // These may enqueue what they come from, so they are asked for before anything is staged.
    const [from, added] = [x.handle, residual?.handle ?? 0]
    kernels.conv_prepared(pack(g.packed), Number(relu), from, prepared!.handle, bias?.handle ?? 0, added, y)
  }

  /** Makes tensors at once, not in the recording. */
  #constant(make: () => Tensor[]): Tensor[] {
    return outsideRecording(() => scope(() => noGrad(make)).map((tensor) => this.hold(disown(tensor))))
  }
}

/** A convolution, perhaps with what was folded into it. */
interface Parts {
  readonly g: Convolution
  readonly x: Tensor
  readonly weight: Tensor
  readonly bias: Tensor | undefined
  readonly residual: Tensor | undefined
  readonly relu: boolean
}

const kindOf = ({ dtype, device, layout }: Tensor): string => `${dtype} ${device} ${layout}`

/** Whether nothing but a ReLU can follow. */
const isFinished = ({ residual, relu }: Parts): boolean => relu || residual !== undefined

interface Held extends Deferred {
  readonly parts: Parts
  readonly storage: Storage
}

/** Weight and bias of the convolution that normalises its result too; worked out in float64. */
function folded({ weight, bias }: Parts, norm: Normalisation): Tensor[] {
  const exact = (x: Tensor): Tensor => x.to('float64')
  const deviation = exact(norm.variance).add(norm.eps).sqrt()
  const factor = norm.weight ? exact(norm.weight).div(deviation) : deviation.pow(-1)
  const scaled = exact(weight).mul(factor.reshape([factor.size, ...weight.shape.slice(1).map(() => 1)]))
  const centred = bias ? exact(bias).sub(exact(norm.mean)) : exact(norm.mean).neg()
  const shift = norm.bias ? centred.mul(factor).add(exact(norm.bias)) : centred.mul(factor)
  return [scaled.to(weight.dtype), shift.to(weight.dtype)]
}
