import { allocLike } from '../alloc.js'
import { recording } from '../capture/recording.js'
import { fill_ } from '../create.js'
import { describe, FormatError } from '../errors.js'
import { toLayout } from '../layout.js'
import { assign, move } from '../nn/move.js'
import { keep, scope } from '../scope.js'
import { showShape } from '../shape.js'
import { Tensor } from '../tensor.js'
import { differencesText } from './differences.js'
import { groupBy, kindOf } from './lists.js'
import { differences, type OptimizerStateDict, saveState } from './state.js'

/** What all optimizers are told. */
export interface OptimizerOptions {
  /** Learning rate; may be changed between steps. */
  lr: number
  /** The learning rate that schedulers start from; the first one that is made notes it. */
  initialLr?: number
}

/** Tensors with options of their own; those left out are the optimizer's. */
export type ParamGroup<Options> = Partial<Options> & {
  /** Leaf tensors, parameters as a rule. */
  params: Iterable<Tensor>
}

/** The tensors of a group. */
export interface OptimizedParams {
  /** Leaf tensors, in the order in which they were given. */
  params: Tensor[]
}

/** What to optimise: `model.parameters()`, or groups of them. */
export type Params<Options> = Iterable<Tensor | ParamGroup<Options>>

/** How what is remembered of a parameter starts. */
export interface Memory<Options> {
  /** Numbers by name, with the values that they start with. */
  readonly numbers: Readonly<Record<string, number>>
  /** Tensors of the parameter's shape: the value they are filled with; undefined: the options need no such tensor. */
  readonly tensors: Readonly<Record<string, (options: Options) => number | undefined>>
}

/**
 * Changes parameters along their gradients. What it remembers of a parameter starts with the parameter's first
 * gradient; a parameter without a gradient is left alone.
 */
export abstract class Optimizer<Options extends OptimizerOptions, State extends object> {
  /** The groups; their options may be changed between steps. */
  readonly paramGroups: (Options & OptimizedParams)[] = []
  /** What is remembered of each parameter, under PyTorch's names. */
  readonly state = new Map<Tensor, State>()
  /** What is remembered of a parameter. */
  protected abstract readonly memory: Memory<Options>

  /**
   * @throws RangeError when there are no parameters, a parameter comes twice or an option is out of range;
   *   TypeError when a parameter is not a leaf tensor or an option is unknown
   */
  constructor(
    params: Params<Options>,
    private readonly defaults: Options,
    options: Partial<Options>,
  ) {
    this.defaults = this.complete(options)
    for (const group of toGroups(params)) this.addParamGroup(group)
    if (!this.paramGroups.some((group) => group.params.length))
      throw new RangeError(`${this.constructor.name}: expected at least one parameter, got none`)
  }

  /**
   * Adds tensors with options of their own: layers that are unfrozen later, say.
   * @throws RangeError when a parameter comes twice or an option is out of range; TypeError when a parameter is not a
   *   leaf tensor or an option is unknown
   */
  addParamGroup({ params, ...options }: ParamGroup<Options>): void {
    const completed = this.complete(options as unknown as Partial<Options>)
    const seen = new Set(this.paramGroups.flatMap((group) => group.params))
    const tensors = [...params]
    for (const p of tensors) this.claim(p, seen)
    this.paramGroups.push({ ...completed, params: tensors })
  }

  /** Throws RangeError when an option is out of range. */
  protected abstract validate(options: Options): void

  /** Updates `params`, which have gradients, one dtype, one device and equal counts of steps, by one native call. */
  protected abstract update(options: Options, params: readonly Tensor[], grads: readonly Tensor[]): void

  /** Changes all parameters that have a gradient. */
  step(): void {
    recording()?.checks.push(this.watch())
    scope(() => {
      for (const group of this.paramGroups)
        for (const params of this.alike(group.params)) {
          for (const p of params) this.follow(p)
          // The kernels pair elements as they lie in memory.
          const grads = params.map((p) => toLayout(p.gradient!, p.layout))
          this.update(group, params, grads)
          for (const p of params) p.markModified()
        }
    })
  }

  /** Frees all gradients; the next `backward` starts from none. */
  zeroGrad(): void {
    for (const { params } of this.paramGroups)
      for (const p of params) {
        p.gradient?.dispose()
        p.grad = undefined
      }
  }

  /**
   * What is remembered and the groups' options, in PyTorch's layout: parameters are numbers, in the order of the groups.
   * All but the tensors is JSON; the tensors share the optimizer's memory.
   */
  stateDict(): OptimizerStateDict {
    return saveState(this.paramGroups, this.state)
  }

  /**
   * Takes over what another optimizer of this class remembered, and its groups' options. Tensors are copied, in the
   * parameters' dtypes and to their devices.
   * @throws {FormatError} naming all differences in groups, options, names and shapes; nothing has changed then
   */
  loadStateDict(saved: OptimizerStateDict): void {
    const problems = differences(saved, this.paramGroups, this.memory, (options) => this.validate(options))
    if (problems.length) throw new FormatError(differencesText(this.constructor.name, problems))
    for (const [i, group] of this.paramGroups.entries()) {
      const { params: ids, ...options } = saved.paramGroups[i]!
      Object.assign(group, options)
      for (const [j, p] of group.params.entries()) this.recall(p, saved.state[ids[j]!])
    }
  }

  /** Replaces what is remembered of a parameter. */
  private recall(p: Tensor, saved: Record<string, number | Tensor> = {}): void {
    const old = new Map(Object.entries<unknown>(this.state.get(p) ?? {}))
    const reuse = (name: string): Tensor => (old.get(name) as Tensor | undefined) ?? keep(allocLike('loadStateDict', p))
    const values = Object.entries(saved).map(([name, value]) => [
      name,
      value instanceof Tensor ? assign(reuse(name), value) : value,
    ])
    for (const [name, value] of old) if (value instanceof Tensor && !(saved[name] instanceof Tensor)) value.dispose()
    if (values.length) this.state.set(p, Object.fromEntries(values) as State)
    else this.state.delete(p)
  }

  /** Throws RangeError unless the option is within [least, below). */
  protected range(name: string, value: number, least: number, below = Infinity): void {
    if (typeof value === 'number' && value >= least && value < below) return
    const upper = below === Infinity ? '' : ` and < ${below}`
    throw new RangeError(`${this.constructor.name}: expected ${name} >= ${least}${upper}, got ${describe(value)}`)
  }

  /** Throws RangeError unless the option is two numbers within [0, 1). */
  protected decays(betas: readonly [number, number]): void {
    if (!Array.isArray(betas) || betas.length !== 2)
      throw new RangeError(`${this.constructor.name}: expected betas to be two numbers, got ${describe(betas)}`)
    for (const [i, beta] of betas.entries()) this.range(`betas[${i}]`, beta, 0, 1)
  }

  /** What is remembered of each parameter; what the options need and is not there yet is made. */
  protected remember(options: Options, params: readonly Tensor[]): State[] {
    const { numbers, tensors } = this.memory
    return params.map((p) => {
      const state = (this.state.get(p) ?? { ...numbers }) as Record<string, number | Tensor>
      for (const [name, first] of Object.entries(tensors)) {
        const value = first(options)
        if (value !== undefined) state[name] ??= this.first(p, value)
      }
      if (Object.keys(state).length) this.state.set(p, state as State)
      return state as State
    })
  }

  /** What tells whether groups, what they need remembered and what is remembered are still those of now. */
  private watch(): () => boolean {
    const firsts = Object.values(this.memory.tensors)
    const needs = (options: Options): boolean[] => firsts.map((first) => first(options) !== undefined)
    const groups = this.paramGroups.map((group) => {
      const { params } = group
      return { group, params, size: params.length, needs: needs(group) }
    })
    const states = [...this.state]
    return () =>
      this.paramGroups.length === groups.length &&
      groups.every(
        ({ group, params, size, needs: then }, i) =>
          this.paramGroups[i] === group &&
          group.params === params &&
          params.length === size &&
          then.every((needed, k) => needed === (firsts[k]!(group) !== undefined)),
      ) &&
      this.state.size === states.length &&
      states.every(([p, state]) => this.state.get(p) === state)
  }

  /** What is remembered of a parameter at its first step. */
  private first(p: Tensor, value: number): Tensor {
    const run = recording()
    if (run) run.settled = false
    return keep(fill_(allocLike(this.constructor.name, p), value))
  }

  /** The options of a group with those left out. */
  private complete(options: Partial<Options>): Options {
    for (const name of Object.keys(options))
      if (!Object.hasOwn(this.defaults, name) && name !== 'initialLr')
        throw new TypeError(
          `${this.constructor.name}: expected the options ${Object.keys(this.defaults).join(', ')}, got ${name}`,
        )
    const completed = { ...this.defaults, ...options }
    this.validate(completed)
    return completed
  }

  private claim(p: Tensor, seen: Set<Tensor>): void {
    if (!(p instanceof Tensor) || !p.isLeaf)
      throw new TypeError(`${this.constructor.name}: expected leaf tensors as parameters, got ${kind(p)}`)
    if (seen.has(p))
      throw new RangeError(
        `${this.constructor.name}: expected each parameter once, got one of shape ${showShape(p.shape)} twice`,
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

  /** The parameters that have a gradient, by what one native call can update. */
  private alike(params: readonly Tensor[]): Tensor[][] {
    const trained = params.filter((p) => p.gradient)
    return groupBy(trained, (p) => `${kindOf(p)} ${this.phase(p)}`)
  }

  /** Parameters of one phase have equal numbers in their state, or none has one. */
  private phase(p: Tensor): string {
    const state = this.state.get(p) as Record<string, unknown> | undefined
    return state ? Object.keys(this.memory.numbers).map((name) => state[name]).join(' ') : 'first' // prettier-ignore
  }
}

/** An optimizer whatever its options: what training loops, schedulers and checkpoints need of one. */
export interface AnyOptimizer {
  /** The groups; their options may be changed between steps. */
  readonly paramGroups: readonly (OptimizerOptions & OptimizedParams)[]
  /** What is remembered of each parameter. */
  readonly state: ReadonlyMap<Tensor, object>
  /** Changes all parameters that have a gradient. */
  step(): void
  /** Frees all gradients. */
  zeroGrad(): void
  /** What is remembered and the groups' options, in PyTorch's layout. */
  stateDict(): OptimizerStateDict
  /** Takes over what another optimizer of the class remembered. @throws {FormatError} when it does not fit */
  loadStateDict(saved: OptimizerStateDict): void
}

const kind = (value: unknown): string =>
  value instanceof Tensor ? `the result of an op, of shape ${showShape(value.shape)}` : describe(value)

function toGroups<Options>(params: Params<Options>): ParamGroup<Options>[] {
  const groups: ParamGroup<Options>[] = []
  const single: Tensor[] = []
  for (const item of params)
    if (item instanceof Tensor || !(item as Partial<ParamGroup<Options>> | null)?.params) single.push(item as Tensor)
    else groups.push(item)
  return single.length ? [{ params: single } as unknown as ParamGroup<Options>, ...groups] : groups
}
