import { FormatError } from '../../errors.js'
import { checkTensor } from '../../ops/check.js'
import type { Tensor } from '../../tensor.js'
import { writeAtomically } from '../atomic.js'
import { withSource } from '../source.js'
import { peekEntry, readDirectory, readEntry } from '../zip/read.js'
import { writeZip } from '../zip/write.js'
import { parseNpyHeader } from './header.js'
import { checkLength, type LoadNumpyOptions, npyBytes, tensorOf } from './npy.js'

/**
 * Reads what `numpy.savez` or `numpy.savez_compressed` wrote, by name; elements as `loadNpy` does. Memory is bounded by
 * the arrays: the header of each is read before more of it is unpacked.
 *
 * @param file path or bytes
 * @throws {FormatError} naming the file, the array and what was expected
 */
export async function loadNpz(
  file: string | Uint8Array,
  options: LoadNumpyOptions = {},
): Promise<Record<string, Tensor>> {
  const { device, name = 'NumPy file' } = options
  return withSource(
    file,
    async (source) => {
      const tensors: [string, Tensor][] = []
      for (const entry of (await readDirectory(source)).values()) {
        const path = `${source.path}: ${entry.name}`
        if (!entry.name.endsWith('.npy')) throw new FormatError(`${path}: expected arrays alone, got another file`)
        const header = parseNpyHeader(await peekEntry(source, entry), path)
        checkLength(header, entry.size, path)
        const bytes = await readEntry(source, entry, entry.size)
        const array = tensorOf(header, bytes.slice(header.start), path, device)
        tensors.push([entry.name.slice(0, -'.npy'.length), array])
      }
      return Object.fromEntries(tensors)
    },
    name,
  )
}

/**
 * Writes what `numpy.load` reads as arrays by name. All are read as they stand at the call; the file is replaced as a
 * whole, or, on failure, left as it was.
 *
 * @param options compressed: deflate the arrays, as `numpy.savez_compressed` does; default false
 */
export async function saveNpz(
  path: string,
  tensors: Readonly<Record<string, Tensor>>,
  options: { compressed?: boolean } = {},
): Promise<void> {
  const named = Object.entries(tensors)
  for (const [name, x] of named) checkTensor('saveNpz', name, x)
  const files = await Promise.all(named.map(async ([name, x]) => ({ name: `${name}.npy`, bytes: await npyBytes(x) })))
  await writeAtomically(path, (file) => writeZip(file, files, options))
}
