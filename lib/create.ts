import { alloc } from './alloc.js'
import { parseDevice, type DeviceLike } from './device.js'
import { dtypeOf, isDType, isFloat, type DType, type DTypeOf, type TypedArray } from './dtype.js'
import { varying } from './capture/recording.js'
import { describe, DTypeError, ShapeError } from './errors.js'
import { kernels } from './native.js'
import { writeStrided } from './layout.js'
import { checkTensor, checkWhole } from './ops/check.js'
import { defaultGenerator, type Generator } from './random.js'
import { disown } from './scope.js'
import { checkShape, type Shape } from './shape.js'
import type { Tensor } from './tensor.js'

/** What functions that make tensors are told. */
export interface TensorOptions<D extends DType = DType> {
  /** Default float32; for typed arrays, the array's. */
  dtype?: D | undefined
  /** Default: the one of `setDefaultDevice()`, at first `'cpu'`. */
  device?: DeviceLike
  /** Whether `backward()` brings gradients here. Default false. */
  requiresGrad?: boolean
}

export interface ValueOptions<D extends DType = DType> extends TensorOptions<D> {
  /** Default: that of the nested arrays; for typed arrays one dimension. */
  shape?: Shape | undefined
}

/** A number, or arrays of one length of them, nested to any depth. */
export type NestedArray = number | readonly NestedArray[]

function make(op: string, shape: Shape, options: TensorOptions): Tensor {
  const { dtype = 'float32', requiresGrad = false } = options
  if (!isDType(dtype)) throw new DTypeError(`${op}: expected a dtype, got ${describe(dtype)}`)
  const y = alloc(op, [...checkShape(op, shape)], dtype, parseDevice(options.device))
  if (requiresGrad) y.requiresGrad = true
  return y
}

/**
 * A tensor of given values: a number, nested arrays, or a typed array with a shape (default one dimension). The values
 * are copied.
 * @throws {ShapeError} when nested arrays are ragged, or the shape does not hold as many elements
 */
export function tensor<D extends DType = 'float32'>(values: NestedArray, options?: ValueOptions<D>): Tensor<D>
export function tensor<A extends TypedArray, D extends DType = DTypeOf<A>>(
  values: A,
  options?: ValueOptions<D>,
): Tensor<D>
export function tensor(values: NestedArray | TypedArray, options?: ValueOptions): Tensor
export function tensor(values: NestedArray | TypedArray, options: ValueOptions = {}): Tensor {
  const dtype = dtypeOf(values)
  const flat: number[] = []
  const natural = dtype ? [(values as TypedArray).length] : shapeOf(values as NestedArray, flat)
  const y = make('tensor', options.shape ?? natural, { ...options, dtype: options.dtype ?? dtype ?? 'float32' })
  const source = dtype ? (values as TypedArray) : flat
  if (source.length !== y.size)
    throw new ShapeError(`tensor: expected ${y.size} values for shape [${y.shape.join(', ')}], got ${source.length}`)
  return y.copy_(source)
}

function shapeOf(values: NestedArray, flat: number[]): number[] {
  if (typeof values === 'number') {
    flat.push(values)
    return []
  }
  if (!Array.isArray(values)) throw new TypeError(`tensor: expected numbers, got ${describe(values)}`)
  const shapes = values.map((each) => shapeOf(each as NestedArray, flat))
  const first = shapes[0] ?? []
  for (const shape of shapes)
    if (shape.join() !== first.join())
      throw new ShapeError(`tensor: expected nested arrays of one shape, got [${first}] beside [${shape}]`)
  return [values.length, ...first]
}

/** Uninitialised memory. */
export const empty = <D extends DType = 'float32'>(shape: Shape, options: TensorOptions<D> = {}): Tensor<D> =>
  make('empty', shape, options)

/** A tensor of one value. */
export function full<D extends DType = 'float32'>(
  shape: Shape,
  value: number,
  options: TensorOptions<D> = {},
): Tensor<D> {
  return fill_(make('full', shape, options), value)
}

/** A tensor of zeros. */
export const zeros = <D extends DType = 'float32'>(shape: Shape, options: TensorOptions<D> = {}): Tensor<D> =>
  fill_(make('zeros', shape, options), 0)
/** A tensor of ones. */
export const ones = <D extends DType = 'float32'>(shape: Shape, options: TensorOptions<D> = {}): Tensor<D> =>
  fill_(make('ones', shape, options), 1)

/** A tensor of x's shape, dtype, device and layout, where the options do not say otherwise. */
function makeLike(op: string, x: Tensor, options: TensorOptions): Tensor {
  checkTensor(op, 'x', x)
  const { dtype = x.dtype, device = x.device, requiresGrad = false } = options
  if (!isDType(dtype)) throw new DTypeError(`${op}: expected a dtype, got ${describe(dtype)}`)
  const y = alloc(op, x.shape, dtype, parseDevice(device), x.layout)
  if (requiresGrad) y.requiresGrad = true
  return y
}

/** Uninitialised memory like x, in shape, dtype and device. */
export const emptyLike = <X extends DType, D extends DType = X>(
  x: Tensor<X>,
  options: TensorOptions<D> = {},
): Tensor<D> => makeLike('emptyLike', x, options)

/** A tensor like x, in shape, dtype and device, of one value. */
export const fullLike = <X extends DType, D extends DType = X>(
  x: Tensor<X>,
  value: number,
  options: TensorOptions<D> = {},
): Tensor<D> => fill_(makeLike('fullLike', x, options), value)

/** A tensor like x, in shape, dtype and device, of zeros. */
export const zerosLike = <X extends DType, D extends DType = X>(
  x: Tensor<X>,
  options: TensorOptions<D> = {},
): Tensor<D> => fill_(makeLike('zerosLike', x, options), 0)

/** A tensor like x, in shape, dtype and device, of ones. */
export const onesLike = <X extends DType, D extends DType = X>(
  x: Tensor<X>,
  options: TensorOptions<D> = {},
): Tensor<D> => fill_(makeLike('onesLike', x, options), 1)

/** A matrix with ones where row and column are the same, else zeros. */
export function eye<D extends DType = 'float32'>(
  rows: number,
  columns = rows,
  options: TensorOptions<D> = {},
): Tensor<D> {
  const y = fill_(make('eye', [rows, columns], options), 0)
  const length = Math.min(rows, columns)
  if (length === 0) return y
  const diagonal = disown(fill_(alloc('eye', [length], y.dtype, y.device), 1))
  writeStrided(diagonal, y, [columns + 1], 0)
  diagonal.dispose()
  return y
}

/** The numbers 0, 1, 2 … below `end`. */
export function arange<D extends DType = 'float32'>(end: number, options?: TensorOptions<D>): Tensor<D>
/**
 * The numbers start, start + step, start + 2·step … before `end`.
 * @throws {RangeError} for a step of 0, or one that leads away from `end`
 */
export function arange<D extends DType = 'float32'>(
  start: number,
  end: number,
  step?: number,
  options?: TensorOptions<D>,
): Tensor<D>
export function arange(
  first: number,
  second: number | TensorOptions = {},
  step = 1,
  options: TensorOptions = {},
): Tensor {
  const [start, end, rest] = typeof second === 'number' ? [first, second, options] : [0, first, second]
  for (const [name, value] of Object.entries({ start, end, step })) checkFinite('arange', name, value)
  if (step === 0 || (end - start) / step < 0)
    throw new RangeError(`arange: expected a step from ${start} towards ${end}, got ${step}`)
  const length = Math.ceil((end - start) / step)
  return make('arange', [length], rest).copy_(Array.from({ length }, (_, i) => start + i * step))
}

/**
 * `steps` numbers at equal distances from `start` to `end`, both included.
 * @throws {RangeError} unless steps is a whole number from 0 on
 */
export function linspace<D extends DType = 'float32'>(
  start: number,
  end: number,
  steps: number,
  options: TensorOptions<D> = {},
): Tensor<D> {
  checkFinite('linspace', 'start', start)
  checkFinite('linspace', 'end', end)
  checkWhole('linspace', 'steps', steps, 0)
  const step = steps > 1 ? (end - start) / (steps - 1) : 0
  // From both ends, so that both are exact.
  const at = (i: number) => (2 * i < steps ? start + i * step : end - (steps - 1 - i) * step)
  return make('linspace', [steps], options).copy_(Array.from({ length: steps }, (_, i) => at(i)))
}

function checkFinite(op: string, name: string, value: unknown): void {
  if (!Number.isFinite(value))
    throw new RangeError(`${op}: expected ${name} to be a finite number, got ${describe(value)}`)
}

/** What functions that draw tensors are told. */
export interface RandomOptions<D extends DType = DType> extends TensorOptions<D> {
  /** Default: the one that `manualSeed()` seeds. */
  generator?: Generator
}

/** Uniform numbers in [0, 1). */
export function rand<D extends DType = 'float32'>(shape: Shape, options: RandomOptions<D> = {}): Tensor<D> {
  return uniform_(make('rand', shape, options), 0, 1, options.generator)
}

/** Normal numbers of mean 0 and standard deviation 1. */
export function randn<D extends DType = 'float32'>(shape: Shape, options: RandomOptions<D> = {}): Tensor<D> {
  return normal_(make('randn', shape, options), 0, 1, options.generator)
}

/** Uniform numbers in [0, 1), in a tensor like x. */
export const randLike = <X extends DType, D extends DType = X>(
  x: Tensor<X>,
  options: RandomOptions<D> = {},
): Tensor<D> => uniform_(makeLike('randLike', x, options), 0, 1, options.generator)

/** Normal numbers of mean 0 and standard deviation 1, in a tensor like x. */
export const randnLike = <X extends DType, D extends DType = X>(
  x: Tensor<X>,
  options: RandomOptions<D> = {},
): Tensor<D> => normal_(makeLike('randnLike', x, options), 0, 1, options.generator)

/** Overwrites x with one value. */
export function fill_<D extends DType>(x: Tensor<D>, value: number): Tensor<D> {
  checkTensor('fill_', 'x', x)
  x.checkWritable('fill_')
  if (typeof value !== 'number') throw new TypeError(`fill_: expected a number, got ${describe(value)}`)
  kernels.fill(x.size, value, x.handle)
  x.markModified()
  return x
}

/** Overwrites x with uniform numbers in [low, high), by default [0, 1), drawn in logical order. */
export function uniform_<D extends DType>(
  x: Tensor<D>,
  low = 0,
  high = 1,
  generator: Generator = defaultGenerator,
): Tensor<D> {
  return draw('uniform', x, generator, low, high)
}

/** Overwrites x with normal numbers, drawn in logical order. */
export function normal_<D extends DType>(
  x: Tensor<D>,
  mean = 0,
  std = 1,
  generator: Generator = defaultGenerator,
): Tensor<D> {
  return draw('normal', x, generator, mean, std)
}

/** The Philox counters that a draw over x takes: one for four float32 numbers or two float64 ones. */
export const counters = ({ size, dtype }: Tensor): number => Math.ceil(size / (dtype === 'float64' ? 2 : 4))

function draw(name: 'uniform' | 'normal', x: Tensor, generator: Generator, a: number, b: number): Tensor {
  const op = `${name}_`
  checkTensor(op, 'x', x)
  x.checkWritable(op)
  if (!isFloat(x.dtype)) throw new DTypeError(`${op}: expected a float dtype, got ${x.dtype}`)
  const { size } = x
  const taken = counters(x)
  const fill = (y: Tensor): void =>
    varying(
      () => [size, generator.seed, generator.take(taken), a, b],
      (...numbers) => kernels[name](...numbers, y.handle),
    )
  if (x.layout === 'rowMajor') fill(x)
  else {
    const y = disown(alloc(op, x.shape, x.dtype, x.device))
    fill(y)
    x.copy_(y)
    y.dispose()
  }
  x.markModified()
  return x
}
