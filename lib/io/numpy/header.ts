import type { DType } from '../../dtype.js'
import { FormatError } from '../../errors.js'
import { MAX_RANK, showShape } from '../../shape.js'
import { elementBytes, type ElementType } from '../header.js'

/** What the beginning of an .npy file says. */
export interface NpyHeader {
  readonly type: ElementType
  readonly bigEndian: boolean
  readonly fortranOrder: boolean
  readonly shape: readonly number[]
  /** Where the elements begin. */
  readonly start: number
  /** Bytes of elements. */
  readonly length: number
}

const MAGIC = Buffer.from('\x93NUMPY', 'latin1')
/** Of the text, as NumPy limits it. */
export const LONGEST_HEADER = 10_000

const types: Readonly<Record<string, ElementType>> = {
  f8: 'F64',
  f4: 'F32',
  f2: 'F16',
  i8: 'I64',
  i4: 'I32',
  i2: 'I16',
  i1: 'I8',
  u8: 'U64',
  u4: 'U32',
  u2: 'U16',
  u1: 'U8',
  b1: 'BOOL',
}

/** NumPy knows no bfloat16, which is written as float32. */
const npyTypes: Readonly<Record<DType, string>> = {
  float64: '<f8',
  float32: '<f4',
  float16: '<f2',
  bfloat16: '<f4',
  int32: '<i4',
  uint8: '|u1',
}

const FIELD =
  /'(descr|fortran_order|shape)'\s*:\s*('[^']*'|True|False|\((?:\d+L?\s*(?:,\s*|(?=\))))*\))\s*(?:,\s*|(?=\}))/y

/**
 * Parses the header of an .npy file, versions 1.0 to 3.0 (numpy.lib.format).
 * @param bytes the beginning of the file, all of the header
 */
export function parseNpyHeader(bytes: Uint8Array, path: string): NpyHeader {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const version = head[6]
  if (head.length < 12 || !head.subarray(0, 6).equals(MAGIC) || version === undefined || version < 1 || version > 3)
    throw new FormatError(`${path}: expected an .npy file of version 1.0 to 3.0, got another`)
  const length = version === 1 ? head.readUInt16LE(8) : head.readUInt32LE(8)
  const from = version === 1 ? 10 : 12
  const start = from + length
  if (length > LONGEST_HEADER || start > head.length)
    throw new FormatError(`${path}: expected a header of at most ${LONGEST_HEADER} bytes, got ${length}`)
  const fields = parseFields(head.toString(version === 3 ? 'utf8' : 'latin1', from, start), path)
  const descr = fields.get('descr')!.slice(1, -1)
  const [order, code] = /^[<>|=]/.test(descr) ? [descr[0]!, descr.slice(1)] : ['=', descr]
  const type = Object.hasOwn(types, code) ? types[code] : undefined
  if (!type) {
    const what = code.startsWith('O') ? 'Python objects, which are never unpickled' : `dtype '${descr}'`
    throw new FormatError(`${path}: expected numbers or booleans, got ${what}`)
  }
  const shape = Array.from(fields.get('shape')!.matchAll(/\d+/g), ([digits]) => Number(digits))
  const bytesOf = shape.reduce((product, n) => product * n, elementBytes[type])
  if (shape.length > MAX_RANK || !Number.isSafeInteger(bytesOf) || !shape.every(Number.isSafeInteger))
    throw new FormatError(`${path}: expected a shape of at most ${MAX_RANK} dimensions, got ${showShape(shape)}`)
  const fortranOrder = fields.get('fortran_order') === 'True'
  return { type, bigEndian: order === '>', fortranOrder, shape, start, length: bytesOf }
}

/** The text is a Python dict of three entries. */
function parseFields(text: string, path: string): Map<string, string> {
  const body = /^\{\s*(.*\})\s*$/s.exec(text)?.[1] ?? ''
  const fields = new Map<string, string>()
  FIELD.lastIndex = 0
  for (let at = 0; ; at = FIELD.lastIndex) {
    const field = FIELD.exec(body)
    if (!field) {
      const kinds = [/^'/, /^(True|False)$/, /^\(/]
      const fits = ['descr', 'fortran_order', 'shape'].every((name, i) => kinds[i]!.test(fields.get(name) ?? ''))
      if (fits && fields.size === 3 && body.slice(at) === '}') return fields
      const what = /'descr'\s*:\s*\[/.test(text) ? 'records' : JSON.stringify(text.slice(0, 80))
      throw new FormatError(`${path}: expected a header of descr, fortran_order and shape, got ${what}`)
    }
    fields.set(field[1]!, field[2]!)
  }
}

/** The header of row-major elements, padded so that they begin at a multiple of 64. */
export function formatNpyHeader(dtype: DType, shape: readonly number[]): Uint8Array {
  const sizes = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`
  const text = `{'descr': '${npyTypes[dtype]}', 'fortran_order': False, 'shape': ${sizes}, }`
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10
  const bytes = Buffer.alloc(10 + length, ' ')
  MAGIC.copy(bytes)
  bytes.set([1, 0], 6)
  bytes.writeUInt16LE(length, 8)
  bytes.write(text, 10, 'latin1')
  bytes[bytes.length - 1] = 0x0a
  return bytes
}
