import { FormatError } from '../errors.js'
import { halfToNumber } from '../io/elements.js'
import { sizeOf } from '../shape.js'
import { ELEMENT, type TensorProto, wholeNumber } from './schema.js'

/** Elements of a tensor in a file, in the type that we compute with: halves as float32, integers as numbers. */
export interface Elements {
  readonly shape: readonly number[]
  readonly kind: 'float' | 'int' | 'bool'
  readonly values: Float32Array | Float64Array
}

interface Kind {
  readonly kind: Elements['kind']
  readonly bytes: number
  read(view: DataView, at: number): number
  /** Where the elements are, if not in rawData. */
  readonly field: 'floatData' | 'doubleData' | 'int32Data' | 'int64Data'
}

const kinds = new Map<number | undefined, Kind>([
  [ELEMENT.float, { kind: 'float', bytes: 4, read: (v, i) => v.getFloat32(i, true), field: 'floatData' }],
  [ELEMENT.double, { kind: 'float', bytes: 8, read: (v, i) => v.getFloat64(i, true), field: 'doubleData' }],
  [
    ELEMENT.float16,
    { kind: 'float', bytes: 2, read: (v, i) => halfToNumber(v.getUint16(i, true)), field: 'int32Data' },
  ],
  [ELEMENT.bfloat16, { kind: 'float', bytes: 2, read: (v, i) => brain(v.getUint16(i, true)), field: 'int32Data' }],
  [ELEMENT.uint8, { kind: 'int', bytes: 1, read: (v, i) => v.getUint8(i), field: 'int32Data' }],
  [ELEMENT.int8, { kind: 'int', bytes: 1, read: (v, i) => v.getInt8(i), field: 'int32Data' }],
  [ELEMENT.uint16, { kind: 'int', bytes: 2, read: (v, i) => v.getUint16(i, true), field: 'int32Data' }],
  [ELEMENT.int16, { kind: 'int', bytes: 2, read: (v, i) => v.getInt16(i, true), field: 'int32Data' }],
  [ELEMENT.int32, { kind: 'int', bytes: 4, read: (v, i) => v.getInt32(i, true), field: 'int32Data' }],
  [ELEMENT.int64, { kind: 'int', bytes: 8, read: (v, i) => Number(v.getBigInt64(i, true)), field: 'int64Data' }],
  [ELEMENT.bool, { kind: 'bool', bytes: 1, read: (v, i) => Number(v.getUint8(i) !== 0), field: 'int32Data' }],
])

const bits = new DataView(new ArrayBuffer(4))

/** A float32 from its bits. */
function fromBits(word: number): number {
  bits.setUint32(0, word)
  return bits.getFloat32(0)
}

const brain = (word: number): number => fromBits((word << 16) >>> 0)

/**
 * @param external the bytes of a tensor whose elements are in another file
 * @throws {FormatError} for a type that we do not know, or when there are not as many elements as the shape says
 */
export function readElements(proto: TensorProto, where: string, external?: Uint8Array): Elements {
  const type = kinds.get(proto.dataType)
  if (!type)
    throw new FormatError(`${where}: expected floats, integers or booleans, got element type ${proto.dataType}`)
  const shape = (proto.dims ?? []).map((d) => wholeNumber(d, where))
  const size = sizeOf(shape)
  if (shape.some((d) => d < 0) || !Number.isSafeInteger(size))
    throw new FormatError(`${where}: expected a shape, got [${shape.join(', ')}]`)
  const raw = external ?? (proto.rawData?.length ? proto.rawData : undefined)
  const listed = proto[type.field] ?? []
  const found = raw ? raw.length / type.bytes : listed.length
  if (found !== size)
    throw new FormatError(`${where}: expected ${size} elements of [${shape.join(', ')}], got ${found}`)
  // Float64Array holds integers up to 2^53, which no shape or index exceeds.
  const exact = type.kind !== 'float' || proto.dataType === ELEMENT.double
  const values = exact ? new Float64Array(size) : new Float32Array(size)
  if (raw) {
    const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength)
    for (let i = 0; i < size; i++) values[i] = type.read(view, i * type.bytes)
  } else for (let i = 0; i < size; i++) values[i] = listedElement(proto.dataType!, listed[i]!)
  return { shape, kind: type.kind, values }
}

/** An element that stands by itself: halves as their bits. */
function listedElement(type: number, value: number | { toNumber(): number }): number {
  const number = typeof value === 'number' ? value : value.toNumber()
  if (type === ELEMENT.float16) return halfToNumber(number)
  if (type === ELEMENT.bfloat16) return brain(number)
  return type === ELEMENT.bool ? Number(number !== 0) : number
}
