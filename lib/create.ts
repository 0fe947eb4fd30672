import { alloc } from './alloc.js'
import { parseDevice, type DeviceLike } from './device.js'
import { dtypeOf, isDType, isFloat, type DType, type TypedArray } from './dtype.js'
import { describe, DTypeError, ShapeError } from './errors.js'
import { kernels } from './native.js'
import { checkTensor } from './ops/check.js'
import { defaultGenerator, type Generator } from './random.js'
import { disown } from './scope.js'
import { checkShape, type Shape } from './shape.js'
import type { Tensor } from './tensor.js'

export interface TensorOptions {
  /** Default float32; for typed arrays, the array's. */
  dtype?: DType
  /** Default: the one of `setDefaultDevice()`, at first `'cpu'`. */
  device?: DeviceLike
  /** Whether `backward()` brings gradients here. Default false. */
  requiresGrad?: boolean
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
export function tensor(values: NestedArray | TypedArray, options: TensorOptions & { shape?: Shape } = {}): Tensor {
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
export const empty = (shape: Shape, options: TensorOptions = {}): Tensor => make('empty', shape, options)

/** A tensor of one value. */
export function full(shape: Shape, value: number, options: TensorOptions = {}): Tensor {
  return fill_(make('full', shape, options), value)
}

/** A tensor of zeros. */
export const zeros = (shape: Shape, options: TensorOptions = {}): Tensor => fill_(make('zeros', shape, options), 0)
/** A tensor of ones. */
export const ones = (shape: Shape, options: TensorOptions = {}): Tensor => fill_(make('ones', shape, options), 1)

export interface RandomOptions extends TensorOptions {
  /** Default: the one that `manualSeed()` seeds. */
  generator?: Generator
}

/** Uniform numbers in [0, 1). */
export function rand(shape: Shape, options: RandomOptions = {}): Tensor {
  return uniform_(make('rand', shape, options), 0, 1, options.generator)
}

/** Normal numbers of mean 0 and standard deviation 1. */
export function randn(shape: Shape, options: RandomOptions = {}): Tensor {
  return normal_(make('randn', shape, options), 0, 1, options.generator)
}

/** Overwrites x with one value. */
export function fill_(x: Tensor, value: number): Tensor {
  checkTensor('fill_', 'x', x)
  x.checkWritable('fill_')
  if (typeof value !== 'number') throw new TypeError(`fill_: expected a number, got ${describe(value)}`)
  kernels.fill(x.size, value, x.handle)
  x.markModified()
  return x
}

/** Overwrites x with uniform numbers in [low, high), by default [0, 1), drawn in logical order. */
export function uniform_(x: Tensor, low = 0, high = 1, generator: Generator = defaultGenerator): Tensor {
  return draw('uniform_', x, (y) => kernels.uniform(y.size, generator.seed, advance(y, generator), low, high, y.handle))
}

/** Overwrites x with normal numbers, drawn in logical order. */
export function normal_(x: Tensor, mean = 0, std = 1, generator: Generator = defaultGenerator): Tensor {
  return draw('normal_', x, (y) => kernels.normal(y.size, generator.seed, advance(y, generator), mean, std, y.handle))
}

/** Takes the Philox counters that a draw over x uses: one for four float32 numbers or two float64 ones. */
export const advance = (x: Tensor, generator: Generator): number =>
  generator.take(Math.ceil(x.size / (x.dtype === 'float64' ? 2 : 4)))

function draw(op: string, x: Tensor, kernel: (rowMajor: Tensor) => void): Tensor {
  checkTensor(op, 'x', x)
  x.checkWritable(op)
  if (!isFloat(x.dtype)) throw new DTypeError(`${op}: expected a float dtype, got ${x.dtype}`)
  if (x.layout === 'rowMajor') kernel(x)
  else {
    const y = disown(alloc(op, x.shape, x.dtype, x.device))
    kernel(y)
    x.copy_(y)
    y.dispose()
  }
  x.markModified()
  return x
}
