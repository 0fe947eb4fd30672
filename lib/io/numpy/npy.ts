import { noGrad } from '../../autograd.js'
import { tensor } from '../../create.js'
import type { DeviceLike } from '../../device.js'
import { FormatError } from '../../errors.js'
import { checkTensor } from '../../ops/check.js'
import { permute } from '../../ops/shape.js'
import { scope } from '../../scope.js'
import type { Tensor } from '../../tensor.js'
import { writeAtomically } from '../atomic.js'
import { decode, encode } from '../elements.js'
import { elementBytes } from '../header.js'
import { type Bytes, withSource } from '../source.js'
import { formatNpyHeader, LONGEST_HEADER, type NpyHeader, parseNpyHeader } from './header.js'

/** Options of {@link loadNpy} and {@link loadNpz}. */
export interface LoadNumpyOptions {
  /** Where the tensors go; default: the default device. */
  device?: DeviceLike
  /** Stands in errors where bytes are given. */
  name?: string
}

/**
 * Reads what `numpy.save` wrote: .npy files of versions 1.0 to 3.0, in C or Fortran order, little- or big-endian. float16
 * becomes float32; int8, int16, uint16 and, where all values fit, int64, uint32 and uint64 int32; bool uint8.
 *
 * @param file path or bytes
 * @throws {FormatError} naming the file and what was expected; for Python objects, records, text and complex numbers too
 */
export async function loadNpy(file: string | Uint8Array, options: LoadNumpyOptions = {}): Promise<Tensor> {
  const { device, name = 'NumPy file' } = options
  return withSource(
    file,
    async (source) => {
      const head = await source.read(0, Math.min(source.size, LONGEST_HEADER + 12))
      const header = parseNpyHeader(head, source.path)
      checkLength(header, source.size, source.path)
      return tensorOf(header, await source.read(header.start, header.length), source.path, device)
    },
    name,
  )
}

/**
 * Writes what `numpy.load` reads as one array, float32 for bfloat16. It is read as it stands at the call; the file is
 * replaced as a whole, or, on failure, left as it was.
 */
export async function saveNpy(path: string, x: Tensor): Promise<void> {
  checkTensor('saveNpy', 'x', x)
  const bytes = await npyBytes(x)
  await writeAtomically(path, (file) => file.writeFile(bytes))
}

/** A tensor as an .npy file. */
export async function npyBytes(x: Tensor): Promise<Uint8Array> {
  const { dtype, shape } = x
  const elements = encode(dtype === 'bfloat16' ? 'float32' : dtype, await x.data())
  return Buffer.concat([formatNpyHeader(dtype, shape), elements])
}

/** @throws {FormatError} unless a file of `size` bytes holds the elements and nothing else */
export function checkLength({ start, length, shape }: NpyHeader, size: number, path: string): void {
  if (size === start + length) return
  throw new FormatError(`${path}: expected ${length} bytes of elements for shape [${shape}], got ${size - start}`)
}

/** The tensor of a header and its elements, which are overwritten. */
export function tensorOf(
  { type, bigEndian, fortranOrder, shape }: NpyHeader,
  bytes: Bytes,
  path: string,
  device: DeviceLike | undefined,
): Tensor {
  const width = elementBytes[type]
  const buffer = Buffer.from(bytes.buffer)
  if (bigEndian && width === 2) buffer.swap16()
  if (bigEndian && width === 4) buffer.swap32()
  if (bigEndian && width === 8) buffer.swap64()
  const elements = decode({ name: 'array', type }, bytes.buffer, path)
  if (!fortranOrder || shape.length < 2) return tensor(elements, { shape, device })
  const order = [...shape.keys()].reverse()
  return scope(() => noGrad(() => permute(tensor(elements, { shape: shape.toReversed(), device }), order)))
}
