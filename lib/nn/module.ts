import { inspect } from 'node:util'
import type { DeviceLike } from '../device.js'
import { type DType, isDType, isFloat, wide } from '../dtype.js'
import { DTypeError } from '../errors.js'
import { keep } from '../scope.js'
import type { Tensor } from '../tensor.js'
import type { HookHandle } from '../hooks.js'
import { Callable } from './callable.js'
import { hooksOf } from './hooks.js'
import {
  allModules,
  checkChild,
  checkName,
  declareBuffer,
  gather,
  ownBuffers,
  ownModules,
  ownParameters,
  parameter,
  submodule,
} from './members.js'
import { move } from './move.js'
import type { Parameter } from './parameter.js'
import { printModule } from './print.js'
import type { Symbolic, SymbolicArguments } from './symbolic.js'
import { type LoadOptions, type LoadReport, type StateDict, loadStateDict, stateDict } from './state.js'

// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- the only way to type `model(x)`
export interface Module {
  (...args: SymbolicArguments<Parameters<this['forward']>>): Symbolic<ReturnType<this['forward']>>
  (...args: Parameters<this['forward']>): ReturnType<this['forward']>
}

/**
 * A part of a network. A subclass keeps parameters, buffers and other modules (arrays of them too) in public fields
 * and computes in `forward`; `model(x)` runs it. (In a class's own methods TypeScript cannot see through `this(x)`:
 * `const self: Net = this`, then `self(x)`, or `this.forward(x)`, which runs no hooks.)
 *
 * ```ts
 * class Net extends nn.Module {
 *   fc1 = new nn.Linear(784, 256)
 *   fc2 = new nn.Linear(256, 10)
 *   forward(x: Tensor) {
 *     return this.fc2(relu(this.fc1(x)))
 *   }
 * }
 * ```
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging
export abstract class Module extends Callable {
  /** Whether dropout drops and batch norm uses the batch: see `train` and `eval`. */
  training = true

  /** All parameters of the module and of all below it, each once, with the state dict's names: `conv1.weight`. */
  namedParameters(): Generator<[name: string, parameter: Parameter]> {
    return gather(this, ownParameters)
  }

  /** As `namedParameters`, without the names. */
  *parameters(): Generator<Parameter> {
    for (const [, parameter] of this.namedParameters()) yield parameter
  }

  /** All buffers of the module and of all below it, each once. */
  *buffers(): Generator<Tensor> {
    for (const [, buffer] of this.namedBuffers()) yield buffer
  }

  /** As `buffers`, with the state dict's names: `bn1.running_mean`. */
  namedBuffers(): Generator<[name: string, buffer: Tensor]> {
    return gather(this, ownBuffers)
  }

  /** The modules directly below, each once. */
  *children(): Generator<Module> {
    for (const [, child] of this.namedChildren()) yield child
  }

  /** As `children`, with their names. */
  *namedChildren(): Generator<[name: string, child: Module]> {
    const seen = new Set<Module>()
    for (const [name, child] of ownModules(this)) {
      if (!seen.has(child)) yield [name, child]
      seen.add(child)
    }
  }

  /** This module and all below it, each once, parents first. */
  *modules(): Generator<Module> {
    for (const [, module] of this.namedModules()) yield module
  }

  /** As `modules`, with their paths; this module's is ''. */
  namedModules(): Generator<[path: string, module: Module]> {
    return allModules(this)
  }

  /** Switches this module and all below it to training, or with `false` to evaluation. */
  train(mode = true): this {
    for (const module of this.modules()) module.training = mode
    return this
  }

  /** Switches this module and all below it to evaluation. */
  eval(): this {
    return this.train(false)
  }

  /** Calls `fn` with every module, children before parents: to initialise weights, say. */
  apply(fn: (module: Module) => void): this {
    for (const child of this.children()) child.apply(fn)
    fn(this)
    return this
  }

  /**
   * The module at a path, as `namedModules` gives them: 'features.0'; '' is this one.
   * @throws {RangeError} when there is none, naming the last module on the way
   */
  getSubmodule(path: string): Module {
    return submodule(this, path)
  }

  /**
   * The parameter of a name, as `namedParameters` gives them: 'conv1.weight'.
   * @throws {RangeError} when there is none
   */
  getParameter(name: string): Parameter {
    return parameter(this, name)
  }

  /** Makes `module` a child under `name`, as assigning it to a field does. Returns it. */
  addModule<M extends Module>(name: string, module: M): M {
    checkChild('addModule', name, module)
    checkName('addModule', name, this)
    Object.assign(this, { [name]: module })
    return module
  }

  /** Elements of all parameters, or of those that require gradients; shared ones count once. */
  countParameters(options: { trainable?: boolean } = {}): number {
    let count = 0
    for (const p of this.parameters()) if (!options.trainable || p.requiresGrad) count += p.size
    return count
  }

  /**
   * Moves parameters and buffers to a device, or converts the floating ones to a dtype, in place. With float16 and
   * bfloat16, which are for CUDA, normalisation layers stay float32.
   */
  to(target: DeviceLike | DType): this {
    if (isDType(target) && !isFloat(target))
      throw new DTypeError(`to: expected a device or a float dtype for a module, got ${target}`)
    const exact = new Set<Tensor>()
    for (const module of this.modules())
      if (module.exact) for (const [, tensor] of [...ownParameters(module), ...ownBuffers(module)]) exact.add(tensor)
    const tensors = [...this.parameters(), ...this.buffers()]
    for (const tensor of tensors) move(tensor, isDType(target) && exact.has(tensor) ? wide(target) : target)
    return this
  }

  /** Moves it to a GPU, by default the first: `to('cuda')`. */
  cuda(index = 0): this {
    return this.to(`cuda:${index}`)
  }

  /** Moves it to the CPU: `to('cpu')`. */
  cpu(): this {
    return this.to('cpu')
  }

  /** Converts it to float32: `to('float32')`. */
  float(): this {
    return this.to('float32')
  }

  /** Converts it to float64: `to('float64')`. */
  double(): this {
    return this.to('float64')
  }

  /** Converts it to float16, on CUDA: `to('float16')`. */
  half(): this {
    return this.to('float16')
  }

  /** Converts it to bfloat16, on CUDA: `to('bfloat16')`. */
  bfloat16(): this {
    return this.to('bfloat16')
  }

  /** @internal Whether what it holds itself stays float32 in a module of half precision. */
  get exact(): boolean {
    return false
  }

  /** Says whether `backward` computes gradients of the parameters: `false` freezes them. */
  requiresGrad_(flag = true): this {
    for (const parameter of this.parameters()) parameter.requiresGrad = flag
    return this
  }

  /**
   * No gradients are computed for the parameters any more, and optimizers leave them alone: `requiresGrad_(false)`, with
   * the gradients let go. Running statistics go on being updated in training; `eval()` stops that.
   */
  freeze(): this {
    this.zeroGrad()
    return this.requiresGrad_(false)
  }

  /** Gradients of the parameters are computed again: `requiresGrad_(true)`. */
  unfreeze(): this {
    return this.requiresGrad_(true)
  }

  /**
   * Calls `hook` with each call's arguments before `forward`. An array that it returns becomes the arguments; anything else
   * but undefined the only argument.
   */
  registerForwardPreHook<M extends Module>(
    this: M,
    hook: (module: M, args: Parameters<M['forward']>) => unknown,
  ): HookHandle {
    return hooksOf(this).pre.add('registerForwardPreHook', hook)
  }

  /**
   * Calls `hook` with each call's arguments and output; what it returns, unless undefined, replaces the output. Tensors
   * that it stores must be lifted out of the scope of a trainer's step: `keep(output)`.
   */
  registerForwardHook<M extends Module>(
    this: M,
    hook: (
      module: M,
      args: Parameters<M['forward']>,
      output: ReturnType<M['forward']>,
    ) =>
      // eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- most hooks only look
      ReturnType<M['forward']> | undefined | void,
  ): HookHandle {
    return hooksOf(this).post.add('registerForwardHook', hook)
  }

  /**
   * Calls `hook` in backward passes with the gradients of a call's arguments (undefined for those that require none) and of
   * its results; an array that it returns replaces the first. The gradients are freed afterwards: `keep` what is to be stored.
   * @throws {TypeError} in a call, when the module gives neither a tensor nor an array of them
   */
  registerFullBackwardHook<M extends Module>(
    this: M,
    hook: (
      module: M,
      gradInput: readonly (Tensor | undefined)[],
      gradOutput: readonly (Tensor | undefined)[],
    ) =>
      // eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- most hooks only look
      readonly (Tensor | undefined)[] | undefined | void,
  ): HookHandle {
    return hooksOf(this).backward.add('registerFullBackwardHook', hook)
  }

  /** Frees all gradients; the next `backward` starts from none. */
  zeroGrad(): void {
    for (const parameter of this.parameters()) {
      parameter.gradient?.dispose()
      parameter.grad = undefined
    }
  }

  /** Makes `tensor` part of the state under `name`, though not a parameter: running statistics, say. */
  registerBuffer(name: string, tensor: Tensor): Tensor {
    declareBuffer(this, name)
    return ((this as unknown as Record<string, Tensor>)[name] = keep(tensor))
  }

  /** Parameters and buffers under PyTorch's names (`bn1.running_mean`); the tensors share the module's storage. */
  stateDict(): StateDict {
    return stateDict(this)
  }

  /**
   * Copies `state` into the parameters and buffers. As PyTorch saves them, of a DataParallel model too (all keys begin with
   * `module.`); batch norm's `num_batches_tracked` may be missing.
   * @throws FormatError, before anything is changed, that lists all missing and unexpected keys and wrong shapes;
   *   with `strict: false` only for wrong shapes, and the keys are returned. Other dtypes are converted, other devices copied from
   * @throws TypeError when `state` is no object
   */
  loadStateDict(state: StateDict, options: LoadOptions = {}): LoadReport {
    return loadStateDict(this, state, options)
  }

  /** What `print` shows between the parentheses. */
  extraRepr(): string {
    return ''
  }

  /** The module as PyTorch prints it. */
  override toString(): string {
    return printModule(this)
  }

  /** What `console.log` shows: as `toString`. */
  [inspect.custom](): string {
    return this.toString()
  }
}
