import { FormatError } from '../errors.js'
import { showShape } from '../shape.js'
import { readGzip } from './gzip.js'

/** The elements that IDX files may have. */
export type IdxData = Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array

/** An array as MNIST's files hold it. */
export interface IdxArray {
  /** Sizes of its dimensions. */
  readonly shape: readonly number[]
  /** Its elements in row-major order, of the type that the file names. */
  readonly data: IdxData
}

type ElementArray = (new (buffer: ArrayBuffer) => IdxData) & { readonly BYTES_PER_ELEMENT: number }

/** By type code: the third byte of the file. */
const elementTypes = new Map<number, ElementArray>([
  [0x08, Uint8Array],
  [0x09, Int8Array],
  [0x0b, Int16Array],
  [0x0c, Int32Array],
  [0x0d, Float32Array],
  [0x0e, Float64Array],
])

/**
 * Reads an IDX file, the format of MNIST, plain or gzip-compressed.
 *
 * @param maxBytes the most that a compressed file may unpack to; default 2 GiB
 * @throws {FormatError} naming the file, what was expected and what was found
 */
export async function readIdx(path: string, maxBytes = 2 ** 31): Promise<IdxArray> {
  return parseIdx(await readGzip(path, maxBytes), path)
}

/**
 * Decodes the bytes of an IDX file: two zero bytes, the element type, the rank, the dimensions as big-endian uint32, then
 * the elements, big-endian and row-major (http://yann.lecun.com/exdb/mnist/). `name` stands in errors.
 */
export function parseIdx(bytes: Uint8Array, name = 'IDX data'): IdxArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 4)
    throw new FormatError(`${name}: expected an IDX header of at least 4 bytes, got ${bytes.length}`)
  const magic = view.getUint32(0)
  const Elements = elementTypes.get((magic >>> 8) & 0xff)
  if (magic >>> 16 !== 0)
    throw new FormatError(`${name}: expected IDX magic 0x0000TTRR, got 0x${magic.toString(16).padStart(8, '0')}`)
  if (!Elements) {
    const code = (magic >>> 8).toString(16).padStart(2, '0')
    throw new FormatError(`${name}: expected IDX element type 0x08, 0x09, 0x0b, 0x0c, 0x0d or 0x0e, got 0x${code}`)
  }
  const rank = magic & 0xff
  const start = 4 + 4 * rank
  if (bytes.length < start)
    throw new FormatError(`${name}: expected ${start} bytes of header for ${rank} dimensions, got ${bytes.length}`)
  const shape = Array.from({ length: rank }, (_, d) => view.getUint32(4 + 4 * d))
  const count = shape.reduce((product, n) => product * n, 1)
  const width = Elements.BYTES_PER_ELEMENT
  const expected = count * width
  const got = bytes.length - start
  if (expected !== got) {
    throw new FormatError(`${name}: expected ${expected} bytes of elements for shape ${showShape(shape)}, got ${got}`)
  }
  const elements = Buffer.from(new ArrayBuffer(got))
  elements.set(bytes.subarray(start))
  if (width === 2) elements.swap16()
  if (width === 4) elements.swap32()
  if (width === 8) elements.swap64()
  return { shape, data: new Elements(elements.buffer) }
}
