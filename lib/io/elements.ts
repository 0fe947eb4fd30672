import type { DType, TypedArray } from '../dtype.js'
import { FormatError } from '../errors.js'
import type { ElementType, Entry } from './header.js'

const INT32_MIN = -(2 ** 31)
const INT32_MAX = 2 ** 31 - 1

/** How our tensors are written. */
export const fileTypes: Record<DType, ElementType> = {
  float32: 'F32',
  float64: 'F64',
  int32: 'I32',
  uint8: 'U8',
  float16: 'F16',
  bfloat16: 'BF16',
}

/** The bytes of what `data()` returned of a tensor of this dtype. */
export function encode(dtype: DType, elements: TypedArray): Uint8Array {
  const array =
    dtype === 'float16'
      ? Uint16Array.from(elements, numberToHalf)
      : dtype === 'bfloat16'
        ? Uint16Array.from(new Uint32Array(elements.buffer), (bits) => bits >>> 16)
        : elements
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
}

/**
 * A tensor's elements: F16 and BF16 become float32, the smaller integers int32, BOOL uint8, and wider integers int32 where
 * every value fits. Little-endian, as every platform of Node.js but one.
 */
export function decode(entry: Pick<Entry, 'name' | 'type'>, bytes: ArrayBuffer, file: string): TypedArray {
  switch (entry.type) {
    case 'F64':
      return new Float64Array(bytes)
    case 'F32':
      return new Float32Array(bytes)
    case 'F16':
      return Float32Array.from(new Uint16Array(bytes), halfToNumber)
    case 'BF16':
      return new Float32Array(Uint32Array.from(new Uint16Array(bytes), (bits) => bits << 16).buffer)
    case 'I64':
      return narrow(entry, new BigInt64Array(bytes), file)
    case 'U64':
      return narrow(entry, new BigUint64Array(bytes), file)
    case 'U32':
      return narrow(entry, new Uint32Array(bytes), file)
    case 'I32':
      return new Int32Array(bytes)
    case 'I16':
      return Int32Array.from(new Int16Array(bytes))
    case 'U16':
      return Int32Array.from(new Uint16Array(bytes))
    case 'I8':
      return Int32Array.from(new Int8Array(bytes))
    case 'U8':
    case 'BOOL':
      return new Uint8Array(bytes)
  }
}

/** IEEE 754 binary16: 1 sign, 5 exponent (bias 15), 10 fraction bits. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >>> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction ? NaN : sign * Infinity
  return sign * (1024 + fraction) * 2 ** (exponent - 25)
}

/** The binary16 that has exactly this value. */
function numberToHalf(value: number): number {
  if (Number.isNaN(value)) return 0x7e00
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0
  const size = Math.abs(value)
  if (size === Infinity) return sign | 0x7c00
  if (size < 2 ** -14) return sign | (size * 2 ** 24)
  const exponent = Math.floor(Math.log2(size))
  return sign | ((exponent + 15) << 10) | (size * 2 ** (10 - exponent) - 1024)
}

/** Integers as int32, which must hold them. */
function narrow(
  { name, type }: Pick<Entry, 'name' | 'type'>,
  values: BigInt64Array | BigUint64Array | Uint32Array,
  file: string,
): Int32Array {
  const narrowed = new Int32Array(values.length)
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (value > INT32_MAX || value < INT32_MIN)
      throw new FormatError(`${file}: tensor ${name}: expected ${type} values that fit in int32, got ${value} at ${i}`)
    narrowed[i] = Number(value)
  }
  return narrowed
}
