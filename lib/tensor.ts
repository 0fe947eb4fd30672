import { inspect } from 'node:util'
import { isGradEnabled } from './autograd.js'
import { alloc } from './alloc.js'
import { noteGradient, recording, refuseReading } from './capture/recording.js'
import type { Device } from './device.js'
import { dtypeOf, dtypes, isFloat, isHalf, wide } from './dtype.js'
import type { ArrayOf, DType, TypedArray } from './dtype.js'
import { AutogradError, describe, DisposedError, DTypeError, ExecutionError, ShapeError } from './errors.js'
import { turn } from './garbage.js'
import type { HookHandle, Hooks } from './hooks.js'
import type { Handle } from './kernels.js'
import { readStrided, toRowMajor } from './layout.js'
import { kernels, native } from './native.js'
import { Ownership } from './ownership.js'
import { checkGradient, checkTensor } from './ops/check.js'
import { disown, keep, Scope } from './scope.js'
import { sameShape, showShape, sizeOf, stridesOf, type Layout, type Shape } from './shape.js'
import type { Storage } from './storage.js'
import { backward, type BackwardOptions } from './tape/backward.js'
import { registerHook, retainGrad, type GradientHook } from './tape/hooks.js'

declare const holds: unique symbol

/**
 * An n-dimensional array on a device, and a point on the autograd tape. Made by `tensor()`, `zeros()` and the like, or by
 * ops; ops are enqueued on the device and only reading waits for them.
 *
 * Shapes are logical: images are [N, C, H, W], whatever their layout in memory.
 *
 * `Tensor<'int32'>` says what is read of it, an Int32Array. `Tensor` is one of which the types do not know that; each goes
 * where the other is wanted.
 */
export class Tensor<D extends DType = DType> {
  /** Number of elements. */
  readonly size: number
  /** @internal Only a type: `instanceof` would narrow to `Tensor<any>`. */
  declare static readonly [Symbol.hasInstance]: <T extends Tensor>(
    this: abstract new (...args: never) => T,
    value: unknown,
  ) => value is T;
  /** @internal Only a type: a method's parameters are compared both ways, so `Tensor` goes where `Tensor<D>` does. */
  [holds]?(dtype: D): void
  /** @internal */
  readonly owner: Ownership
  /** @internal Of a leaf; those of an op's result are its node's. */
  hooks: Hooks<GradientHook> | undefined = undefined
  #leafGrad = false
  #grad: Tensor<D> | undefined

  /** @internal Use `tensor()`. */
  constructor(
    storage: Storage,
    /** Sizes of the dimensions, the outermost first; [] of a scalar. */
    readonly shape: Shape,
    /** Type of the elements. */
    readonly dtype: DType,
    /** Where the elements lie. */
    readonly device: Device,
    /** Order of the elements in memory; shapes, `data()` and ops do not depend on it. */
    readonly layout: Layout,
  ) {
    this.size = sizeOf(shape)
    this.owner = new Ownership(storage)
  }

  /** Number of dimensions. */
  get rank(): number {
    return this.shape.length
  }

  /** Whether the tensor was made by the user, not by an op on the tape. */
  get isLeaf(): boolean {
    return this.owner.node === undefined
  }

  /** Whether gradients flow to or through this tensor. */
  get requiresGrad(): boolean {
    return this.#leafGrad || this.owner.node !== undefined
  }

  /**
   * Asks for gradients of a leaf.
   * @throws {AutogradError} for the result of an op
   * @throws {DTypeError} for a tensor of integers
   */
  set requiresGrad(flag: boolean) {
    if (!this.isLeaf)
      throw new AutogradError('requiresGrad: expected a leaf, got the result of an op; use detach() to cut the graph')
    if (flag && !isFloat(this.dtype)) throw new DTypeError(`requiresGrad: expected a float dtype, got ${this.dtype}`)
    this.#leafGrad = flag
  }

  /**
   * The sum of the gradients that `backward()` has brought to this leaf, or to a result of `retainGrad()`; as PyTorch's, it
   * accumulates.
   */
  get grad(): Tensor<D> | undefined {
    this.owner.gradientRead = true
    return this.gradient
  }

  /** @internal As `grad`, to those who do not keep it. */
  get gradient(): Tensor<D> | undefined {
    return this.#grad?.disposed ? undefined : this.#grad
  }

  /**
   * Replaces the gradient, which then belongs to no scope.
   * @throws {ShapeError} {@link DTypeError} {@link DeviceError} when it does not fit this tensor
   */
  set grad(gradient: Tensor<D> | undefined) {
    if (gradient !== undefined) {
      checkGradient('grad', this, gradient)
      keep(gradient)
    }
    noteGradient(this, gradient && !this.gradient ? 'none' : 'any')
    if (gradient === this.#grad) return
    this.owner.holdGradient(undefined)
    this.#grad = gradient
  }

  /** @internal Sets the first gradient, to which nobody else refers. */
  receiveGradient(gradient: Tensor<D>): void {
    checkGradient('grad', this, gradient)
    noteGradient(this, 'none')
    this.owner.holdGradient(gradient)
    this.#grad = gradient
  }

  /** Whether the memory was let go. */
  get disposed(): boolean {
    return !this.owner.live
  }

  /** @internal */
  get storage(): Storage {
    if (!this.owner.live)
      throw new DisposedError(
        `expected a live tensor, got one of shape ${showShape(this.shape)} that was disposed, or whose scope has ended`,
      )
    return this.owner.storage
  }

  /** @internal */
  get handle(): Handle {
    return this.storage.handle
  }

  /** @internal Another reference to the same memory, off the tape and in no scope: whoever calls this disposes it. */
  alias(): Tensor<D> {
    return new Tensor(this.storage.retain(), this.shape, this.dtype, this.device, this.layout)
  }

  /**
   * The elements in logical order, as a fresh typed array (float16 and bfloat16 as float32). Waits for what is enqueued, without blocking the event loop.
   * @throws {ExecutionError} when an op that this tensor came from has failed
   */
  async data<E extends DType>(this: Tensor<E>): Promise<ArrayOf<E>> {
    checkTensor('data', 'tensor', this)
    refuseReading('data')
    const { array } = dtypes[this.dtype]
    try {
      const buffer = await asRead(this, (x) => native.read(x.handle))
      await turn() // Node may settle many reads in one turn of the event loop
      return new array(buffer) as ArrayOf<E>
    } catch (error) {
      throw translate(error)
    }
  }

  /** As `data()`, blocking. */
  dataSync<E extends DType>(this: Tensor<E>): ArrayOf<E> {
    checkTensor('dataSync', 'tensor', this)
    refuseReading('dataSync')
    const { array } = dtypes[this.dtype]
    try {
      return new array(asRead(this, (x) => native.readSync(x.handle))) as ArrayOf<E>
    } catch (error) {
      throw translate(error)
    }
  }

  /**
   * The only element.
   * @throws {ShapeError} when there are more, or none
   */
  async item(): Promise<number> {
    checkSingle(this)
    return (await this.data())[0]!
  }

  /** As `item()`, blocking. */
  itemSync(): number {
    checkSingle(this)
    return this.dataSync()[0]!
  }

  /**
   * Gradients of this scalar (or weighted by `gradient`, of this tensor's shape) accumulate in the leaves' `.grad`.
   * Frees the graph on the way unless `retainGraph` is set.
   */
  backward(gradient?: Tensor, options: BackwardOptions = {}): void {
    backward(this, gradient, options)
  }

  /**
   * Calls `hook` in every backward pass with this tensor's whole gradient: for the result of an op before the gradient goes
   * on to its inputs, for a leaf before it is added to `.grad`. Hooks run in the order of registration, off the tape.
   * @returns a handle whose `remove()` takes the hook away
   * @throws {AutogradError} when the tensor requires no gradient
   */
  registerHook(hook: GradientHook): HookHandle {
    return registerHook(this, hook)
  }

  /**
   * Has `backward()` accumulate `.grad` here too, though this is no leaf.
   * @throws {AutogradError} when the tensor requires no gradient
   */
  retainGrad(): void {
    retainGrad(this)
  }

  /**
   * Overwrites the elements, from a tensor of the same shape and dtype (on any device), or a typed array or
   * array of numbers in logical order. Returns this tensor.
   * @throws {ShapeError} {@link DTypeError} {@link AutogradError}
   */
  copy_(source: Tensor | TypedArray | readonly number[]): this {
    checkTensor('copy_', 'target', this)
    this.checkWritable('copy_')
    if (source instanceof Tensor) copyTensor(source, this)
    else copyArray(source, this)
    this.markModified()
    return this
  }

  /** @internal Refuses changes in place that the tape could not follow. */
  checkWritable(op: string): void {
    recording()?.folding?.settle()
    if (this.storage.base)
      throw new AutogradError(`${op}: expected a tensor with memory of its own, got a view; clone() it first`)
    if (!this.isLeaf) throw new AutogradError(`${op}: expected a leaf, got the result of an op that is on the tape`)
  }

  /** @internal Counts a change in place. */
  markModified(): void {
    this.storage.markModified()
  }

  /** Lets go of the memory now. Harmless when repeated; values that the tape still needs stay until `backward()`. */
  dispose(): void {
    this.owner.release()
  }

  /** As `dispose()`: `using x = …`. */
  [Symbol.dispose](): void {
    this.dispose()
  }

  /** Shape, dtype and device; not the elements, for which somebody would have to wait. */
  toString(): string {
    const notes = [`shape=${showShape(this.shape)}`, `dtype=${this.dtype}`, `device=${this.device}`]
    if (this.requiresGrad) notes.push('requiresGrad=true')
    if (this.disposed) notes.push('disposed')
    return `Tensor(${notes.join(', ')})`
  }

  /** What `console.log` shows: as `toString`. */
  [inspect.custom](): string {
    return this.toString()
  }
}

function checkSingle(x: Tensor): void {
  if (x.size !== 1)
    throw new ShapeError(`item: expected a tensor of one element, got one of shape ${showShape(x.shape)}`)
}

function copyTensor(source: Tensor, to: Tensor): void {
  if (!sameShape(source.shape, to.shape))
    throw new ShapeError(`copy_: expected a source of shape ${showShape(to.shape)}, got ${showShape(source.shape)}`)
  if (source.dtype !== to.dtype)
    throw new DTypeError(`copy_: expected a source of dtype ${to.dtype}, got ${source.dtype}`)
  if (source.requiresGrad && isGradEnabled())
    throw new AutogradError('copy_: expected a source off the tape, which cannot follow changes in place; detach() it')
  const here =
    source.device === to.device ? source : disown(alloc('copy_', source.shape, source.dtype, to.device, source.layout))
  if (here !== source) native.transfer(source.handle, here.handle)
  readStrided(here, stridesOf(here.shape, here.layout), 0, to)
  if (here !== source) here.dispose()
}

function copyArray(source: TypedArray | readonly number[], to: Tensor): void {
  const { array } = dtypes[to.dtype]
  if (!Array.isArray(source) && dtypeOf(source) === undefined)
    throw new TypeError(`copy_: expected a tensor, a typed array or an array of numbers, got ${describe(source)}`)
  if (source.length !== to.size) throw new ShapeError(`copy_: expected ${to.size} elements, got ${source.length}`)
  const values = source instanceof array ? source : new array(source)
  if (to.layout === 'rowMajor' && !isHalf(to.dtype)) {
    native.write(to.handle, values)
    return
  }
  using made = new Scope()
  made.run(() => {
    const given = alloc('copy_', to.shape, wide(to.dtype), to.device)
    native.write(given.handle, values)
    readStrided(inDType(given, to.dtype), stridesOf(to.shape, 'rowMajor'), 0, to)
  })
}

/** Runs `read` on x in logical order and in a dtype that JavaScript has. */
function asRead<T>(x: Tensor, read: (x: Tensor) => T): T {
  if (x.layout === 'rowMajor' && !isHalf(x.dtype)) return read(x)
  using made = new Scope()
  return read(made.run(() => toRowMajor(inDType(x.detach(), wide(x.dtype)))))
}

/** x off the tape in a dtype. */
function inDType(x: Tensor, dtype: DType): Tensor {
  if (x.dtype === dtype) return x
  const y = alloc('cast', x.shape, dtype, x.device, x.layout)
  kernels.cast(x.size, x.handle, y.handle)
  return y
}

function translate(error: unknown): unknown {
  return (error as { code?: string }).code === 'ERR_EXECUTION' && !(error instanceof ExecutionError)
    ? new ExecutionError((error as Error).message)
    : error
}
