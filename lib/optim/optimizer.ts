import { describe } from '../errors.js'
import { toLayout } from '../layout.js'
import { move } from '../nn/move.js'
import { scope } from '../scope.js'
import { Tensor } from '../tensor.js'

export interface OptimizerOptions {
  /** Learning rate; may be changed between steps. */
  lr: number
}

/** Tensors with options of their own; those left out are the optimizer's. */
export type ParamGroup<Options> = Partial<Options> & { params: Iterable<Tensor> }

/** What to optimise: `model.parameters()`, or groups of them. */
export type Params<Options> = Iterable<Tensor | ParamGroup<Options>>

/**
 * Changes parameters along their gradients. What it remembers of a parameter starts with the parameter's first
 * gradient; a parameter without a gradient is left alone.
 */
export abstract class Optimizer<Options extends OptimizerOptions, State extends object> {
  /** The groups; their options may be changed between steps. */
  readonly paramGroups: (Options & { params: Tensor[] })[] = []
  readonly state = new Map<Tensor, State>()

  /**
   * @throws RangeError when there are no parameters, a parameter comes twice or an option is out of range;
   *   TypeError when a parameter is not a leaf tensor
   */
  constructor(params: Params<Options>, defaults: Options) {
    const seen = new Set<Tensor>()
    for (const group of toGroups(params)) {
      const { params: own, ...options } = { ...defaults, ...group }
      const tensors = [...own]
      this.validate(options as unknown as Options)
      for (const p of tensors) this.claim(p, seen)
      this.paramGroups.push({ ...(options as unknown as Options), params: tensors })
    }
    if (!seen.size) throw new RangeError(`${this.constructor.name}: expected at least one parameter, got none`)
  }

  /** Throws RangeError when an option is out of range. */
  protected abstract validate(options: Options): void

  /** Parameters of different phases are updated by separate calls: the number of steps done, say. */
  protected abstract phase(p: Tensor): number

  /** Updates `params`, which have gradients, one dtype, one device and one phase, by one native call. */
  protected abstract update(options: Options, params: readonly Tensor[], grads: readonly Tensor[]): void

  /** Changes all parameters that have a gradient. */
  step(): void {
    scope(() => {
      for (const group of this.paramGroups)
        for (const { params, grads } of this.alike(group.params)) {
          for (const p of params) this.follow(p)
          this.update(group, params, grads)
          for (const p of params) p.markModified()
        }
    })
  }

  /** Frees all gradients; the next `backward` starts from none. */
  zeroGrad(): void {
    for (const { params } of this.paramGroups)
      for (const p of params) {
        p.grad?.dispose()
        p.grad = undefined
      }
  }

  /** Throws RangeError unless the option is within [least, below). */
  protected range(name: string, value: number, least: number, below = Infinity): void {
    if (value >= least && value < below) return
    const upper = below === Infinity ? '' : ` and < ${below}`
    throw new RangeError(`${this.constructor.name}: expected ${name} >= ${least}${upper}, got ${value}`)
  }

  private claim(p: Tensor, seen: Set<Tensor>): void {
    if (!(p instanceof Tensor) || !p.isLeaf)
      throw new TypeError(`${this.constructor.name}: expected leaf tensors as parameters, got ${kind(p)}`)
    if (seen.has(p))
      throw new RangeError(
        `${this.constructor.name}: expected each parameter once, got one of shape [${p.shape.join(', ')}] twice`,
      )
    seen.add(p)
  }

  /** What is remembered of a parameter goes where the parameter went. */
  private follow(p: Tensor): void {
    for (const value of Object.values<unknown>(this.state.get(p) ?? {})) {
      if (!(value instanceof Tensor)) continue
      if (value.dtype !== p.dtype) move(value, p.dtype)
      if (value.device !== p.device) move(value, p.device)
    }
  }

  private alike(params: readonly Tensor[]): Iterable<{ params: Tensor[]; grads: Tensor[] }> {
    const classes = new Map<string, { params: Tensor[]; grads: Tensor[] }>()
    for (const p of params) {
      if (!p.grad) continue
      const key = `${p.device} ${p.dtype} ${this.phase(p)}`
      let members = classes.get(key)
      if (!members) classes.set(key, (members = { params: [], grads: [] }))
      members.params.push(p)
      // The kernels pair elements as they lie in memory.
      members.grads.push(toLayout(p.grad, p.layout))
    }
    return classes.values()
  }
}

/** How the multi-tensor kernels take a list. */
export const handles = (tensors: readonly Tensor[]): number[] => tensors.map((tensor) => tensor.handle)

const kind = (value: unknown): string =>
  value instanceof Tensor ? `the result of an op, of shape [${value.shape.join(', ')}]` : describe(value)

function toGroups<Options>(params: Params<Options>): ParamGroup<Options>[] {
  const groups: ParamGroup<Options>[] = []
  const single: Tensor[] = []
  for (const item of params)
    if (item instanceof Tensor || !(item as Partial<ParamGroup<Options>> | null)?.params) single.push(item as Tensor)
    else groups.push(item)
  return single.length ? [{ params: single } as unknown as ParamGroup<Options>, ...groups] : groups
}
