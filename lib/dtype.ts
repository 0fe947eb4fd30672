/**
 * Element types. Ops compute in float32 or float64; float16 and bfloat16 are stored on CUDA devices and computed in
 * float32; int32 holds indices and labels, uint8 images and masks.
 */
export type DType = 'float32' | 'float64' | 'int32' | 'uint8' | 'float16' | 'bfloat16'

/** What `data()` returns, whatever the dtype. */
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array

/** What elements are read as. */
interface Arrays {
  float32: Float32Array
  float64: Float64Array
  int32: Int32Array
  uint8: Uint8Array
  float16: Float32Array
  bfloat16: Float32Array
}

/** What `data()` returns of a dtype. float16 and bfloat16 are read as float32. */
export type ArrayOf<D extends DType> = Arrays[D]

/** The dtype of a tensor that is made of a typed array. */
export type DTypeOf<A extends TypedArray> = {
  [D in 'float32' | 'float64' | 'int32' | 'uint8']: A extends Arrays[D] ? D : never
}['float32' | 'float64' | 'int32' | 'uint8']

interface DTypeInfo {
  /** Index in native/buffer.h's DType. */
  readonly id: number
  readonly bytes: number
  readonly array: {
    new (source: ArrayBuffer | ArrayLike<number>): TypedArray
    new (memory: SharedArrayBuffer, offset: number, length: number): TypedArray
  }
}

const float32: DTypeInfo = { id: 0, bytes: 4, array: Float32Array }

export const dtypes: Readonly<Record<DType, DTypeInfo>> = {
  float32,
  float64: { id: 1, bytes: 8, array: Float64Array },
  int32: { id: 2, bytes: 4, array: Int32Array },
  uint8: { id: 3, bytes: 1, array: Uint8Array },
  float16: { id: 4, bytes: 2, array: Float32Array },
  bfloat16: { id: 5, bytes: 2, array: Float32Array },
}

/** Of most tensors without a look into the table, which costs as much as the rest of making one. */
export const infoOf = (dtype: DType): DTypeInfo => (dtype === 'float32' ? float32 : dtypes[dtype])

export const isDType = (value: unknown): value is DType => typeof value === 'string' && Object.hasOwn(dtypes, value)

export const isHalf = (dtype: DType): dtype is 'float16' | 'bfloat16' => dtype === 'float16' || dtype === 'bfloat16'

export const isFloat = (dtype: DType): boolean => dtype === 'float32' || dtype === 'float64' || isHalf(dtype)

/** What ops compute in, and keep statistics in, for operands of a float dtype; also what JavaScript reads it as. */
export const wide = (dtype: DType): DType => (isHalf(dtype) ? 'float32' : dtype)

/** The dtype of a typed array; undefined when no dtype is stored so. */
export function dtypeOf(array: unknown): DType | undefined {
  if (array instanceof Float32Array) return 'float32'
  if (array instanceof Float64Array) return 'float64'
  if (array instanceof Int32Array) return 'int32'
  if (array instanceof Uint8Array || array instanceof Uint8ClampedArray) return 'uint8'
  return undefined
}
