import type { DType, TypedArray } from '../dtype.js'
import { FormatError } from '../errors.js'
import type { ElementType, Entry } from './header.js'

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
 * A tensor's elements: F16 and BF16 become float32, the smaller integers int32, BOOL uint8, and I64 int32 where every
 * value fits. Little-endian, as every platform of Node.js but one.
 */
export function decode(entry: Entry, bytes: ArrayBuffer, file: string): TypedArray {
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
      return narrow(entry, new Int32Array(bytes), file)
    case 'I32':
      return new Int32Array(bytes)
    case 'I16':
      return Int32Array.from(new Int16Array(bytes))
    case 'I8':
      return Int32Array.from(new Int8Array(bytes))
    case 'U8':
    case 'BOOL':
      return new Uint8Array(bytes)
  }
}

/** IEEE 754 binary16: 1 sign, 5 exponent (bias 15), 10 fraction bits. */
function halfToNumber(bits: number): number {
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

/** Pairs of words, low before high: an int64 fits in an int32 when its high word only repeats the sign. */
function narrow(entry: Entry, words: Int32Array, file: string): Int32Array {
  return Int32Array.from({ length: words.length / 2 }, (_, i) => {
    const low = words[2 * i]!
    const high = words[2 * i + 1]!
    if (high === low >> 31) return low
    const value = (BigInt(high) << 32n) | BigInt(low >>> 0)
    throw new FormatError(`${file}: tensor ${entry.name}: expected I64 values that fit in int32, got ${value} at ${i}`)
  })
}
