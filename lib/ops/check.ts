import { describe, DeviceError, DisposedError, DTypeError, ShapeError } from '../errors.js'
import { isFloat, type DType } from '../dtype.js'
import { sameShape, showShape } from '../shape.js'
import { Tensor } from '../tensor.js'

/** @throws {TypeError} {@link DisposedError} unless x is a live tensor */
export function checkTensor(op: string, name: string, x: unknown): asserts x is Tensor {
  if (!(x instanceof Tensor)) throw new TypeError(`${op}: expected ${name} to be a Tensor, got ${describe(x)}`)
  if (x.disposed)
    throw new DisposedError(
      `${op}: expected ${name} to be a live tensor, got one of shape ${showShape(x.shape)} that was disposed, or whose ` +
        'scope has ended',
    )
}

/**
 * The operands of an op that computes in one float dtype on one device. Absent ones are skipped.
 * @throws {TypeError} {@link DisposedError} {@link DTypeError} {@link DeviceError}
 */
export function checkFloats(op: string, operands: Readonly<Record<string, Tensor | undefined>>): void {
  let first: Tensor | undefined
  let firstName = ''
  for (const name in operands) {
    const x = operands[name]
    if (x === undefined && first) continue
    checkTensor(op, name, x)
    if (!isFloat(x.dtype)) throw new DTypeError(`${op}: expected ${name} of a float dtype, got ${x.dtype}`)
    if (!first) {
      first = x
      firstName = name
      continue
    }
    checkSameDevice(op, firstName, first, name, x)
    if (x.dtype !== first.dtype)
      throw new DTypeError(`${op}: expected ${name} of dtype ${first.dtype} as ${firstName}, got ${x.dtype}`)
  }
}

/** What a tensor is, without its elements. */
type Placed = Pick<Tensor, 'shape' | 'dtype' | 'device'>

/** @throws {DeviceError} naming both devices */
export function checkSameDevice(op: string, nameA: string, a: Placed, nameB: string, b: Placed): void {
  if (a.device !== b.device)
    throw new DeviceError(
      `${op}: expected all tensors on one device, got ${nameA} on ${a.device} and ${nameB} on ${b.device}`,
    )
}

/** @throws {DTypeError} */
export function checkDType(op: string, name: string, x: Tensor, dtype: DType): void {
  if (x.dtype !== dtype) throw new DTypeError(`${op}: expected ${name} of dtype ${dtype}, got ${x.dtype}`)
}

/** @throws {ShapeError} unless the shape matches; letters and other words in `expected` stand for any size */
export function checkShapeIs(op: string, name: string, x: Tensor, expected: readonly (number | string)[]): void {
  if (x.rank !== expected.length || expected.some((d, i) => typeof d === 'number' && d !== x.shape[i]))
    throw new ShapeError(`${op}: expected ${name} of shape [${expected.join(', ')}], got ${showShape(x.shape)}`)
}

const isWhole = (value: unknown, low: number): value is number =>
  Number.isSafeInteger(value) && (value as number) >= low

const whole = (low: number): string => (low > 0 ? 'a positive integer' : 'a non-negative integer')

/** @throws {RangeError} unless `value` is a whole number from `low` on, which is 0 or 1 */
export function checkWhole(op: string, name: string, value: unknown, low: 0 | 1): number {
  if (!isWhole(value, low)) throw new RangeError(`${op}: expected ${name} to be ${whole(low)}, got ${describe(value)}`)
  return value
}

/** @throws {TypeError} unless `value` is a number, and not NaN */
export function checkNumber(op: string, name: string, value: unknown): void {
  if (typeof value !== 'number' || Number.isNaN(value))
    throw new TypeError(`${op}: expected ${name} to be a number, got ${describe(value)}`)
}

const integers: Partial<Record<DType, readonly [least: number, greatest: number]>> = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint8: [0, 255],
}

/** The least and the greatest number of an integer dtype; undefined for float dtypes, which take every number. */
export const boundsOf = (dtype: DType): readonly [least: number, greatest: number] | undefined => integers[dtype]

/** @throws {RangeError} for a number that an integer dtype does not hold */
export function checkHolds(op: string, name: string, value: unknown, dtype: DType): void {
  const bounds = boundsOf(dtype)
  if (!bounds || typeof value !== 'number') return
  const [least, greatest] = bounds
  if (!Number.isInteger(value) || value < least || value > greatest)
    throw new RangeError(`${op}: expected ${name} to be a whole number from ${least} to ${greatest}, got ${value}`)
}

/** The size of a signal: its length. */
export type Single = number | readonly [length: number]
/** A size for both sides of an image, or one for each: [height, width]. */
export type Pair = number | readonly [height: number, width: number]
/** A size for all sides of a volume, or one for each: [depth, height, width]. */
export type Triple = number | readonly [depth: number, height: number, width: number]
/** A size for all spatial dimensions, or one for each. */
export type Sizes = number | readonly number[]

/** How many numbers may stand for one, by the number of spatial dimensions. */
const orMore = (rank: number): string => ['', ' or a pair of them', ' or three of them'][rank - 1]!

/**
 * The size of each of `rank` spatial dimensions.
 * @throws {RangeError} unless `value` is one whole number from `low` on, or `rank` of them
 */
export function checkSizes(op: string, name: string, value: Sizes, rank: number, low: 0 | 1): number[] {
  if (isWhole(value, low)) return new Array<number>(rank).fill(value)
  if (Array.isArray(value) && value.length === rank && value.every((each) => isWhole(each, low))) return [...value]
  throw new RangeError(`${op}: expected ${name} to be ${whole(low)}${orMore(rank)}, got ${describe(value)}`)
}

/**
 * The output size along each of `rank` spatial dimensions; undefined where it is the input's.
 * @throws {RangeError} unless each is a positive integer, null or undefined
 */
export function checkOutputSizes(op: string, value: unknown, rank: number): (number | undefined)[] {
  const each = (Array.isArray(value) ? value : new Array<unknown>(rank).fill(value)) as readonly unknown[]
  if (each.length !== rank || !each.every((size) => size == null || isWhole(size, 1)))
    throw new RangeError(`${op}: expected outputSize to be ${whole(1)}${orMore(rank)}, got ${describe(value)}`)
  return each.map((size) => (size as number | null) ?? undefined)
}

/** @throws {TypeError} {@link DisposedError} {@link ShapeError} {@link DTypeError} {@link DeviceError} unless it fits x */
export function checkGradient(op: string, x: Placed, gradient: unknown): asserts gradient is Tensor {
  checkTensor(op, 'gradient', gradient)
  if (!sameShape(gradient.shape, x.shape))
    throw new ShapeError(`${op}: expected a gradient of shape ${showShape(x.shape)}, got ${showShape(gradient.shape)}`)
  checkDType(op, 'gradient', gradient, x.dtype)
  checkSameDevice(op, 'tensor', x, 'gradient', gradient)
}
