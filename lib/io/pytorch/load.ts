import type { DeviceLike } from '../../device.js'
import { FormatError } from '../../errors.js'
import { type Source, withSource } from '../source.js'
import { isZip, readDirectory, readEntry, type ZipEntry } from '../zip/read.js'
import { findGlobal, setState } from './globals.js'
import { loadLegacy } from './legacy.js'
import { type Context, LONGEST_PICKLE, Unpickler } from './pickle.js'
import { storageOf } from './refs.js'
import { materialize } from './tensors.js'

/** Options of {@link loadPyTorch}. */
export interface LoadPyTorchOptions {
  /** Where the tensors go; default: the default device. */
  device?: DeviceLike
  /** Stands in errors where bytes are given. */
  name?: string
}

/**
 * Reads what `torch.save` wrote: zip files (PyTorch 1.6 and later) and legacy ones; state dicts and whole checkpoints like
 * `{ state_dict, optimizer, epoch }`. Dicts become plain objects (Maps, where keys are neither strings nor whole numbers),
 * lists and tuples arrays, None null, dtypes and devices strings, bytes Uint8Arrays. Tensors and parameters become tensors
 * of their own, whatever strides and storages they had; float16 and bfloat16 become float32, int64 and smaller integers
 * int32, bool uint8.
 *
 * Nothing in the file is ever executed: the opcodes and classes that are read are a closed list. Memory is bounded by the
 * tensors: a deflated storage never unpacks to more than its tensors say, and tensors that show elements repeatedly may be
 * at most 16 times as large as what was read before them, and 64 MiB; a pickle has at most 16 MiB.
 *
 * ```ts
 * model.loadStateDict(await io.loadPyTorch('resnet18.pth'))
 * const { state_dict, epoch } = await io.loadPyTorch('checkpoint.tar')
 * ```
 *
 * @param file path or bytes
 * @throws {FormatError} naming the file and what was expected; for another class than the listed ones (a pickled model,
 *   say) its name; for files of big-endian machines and TorchScript
 */
export async function loadPyTorch<
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- what was saved, whose states go to loadStateDict()
  T = Record<string, any>,
>(file: string | Uint8Array, options: LoadPyTorchOptions = {}): Promise<T> {
  const { device, name = 'PyTorch file' } = options
  return withSource(
    file,
    async (source) => {
      const prefix = await source.read(0, Math.min(source.size, 4))
      return (
        isZip(prefix) ? loadZip(source, device) : loadLegacy(source, device, contextOf(source.path))
      ) as Promise<T>
    },
    name,
  )
}

const contextOf = (path: string): Context => ({ path, global: findGlobal, persistent: storageOf, build: setState })

async function loadZip(source: Source, device: DeviceLike | undefined): Promise<unknown> {
  const { path } = source
  const entries = await readDirectory(source)
  const pickle = [...entries.values()].find(({ name }) => /^[^/]+\/data\.pkl$/.test(name))
  if (!pickle) throw new FormatError(`${path}: expected a zip file of torch.save, got one without data.pkl`)
  const folder = pickle.name.slice(0, -'data.pkl'.length)
  if (entries.has(`${folder}constants.pkl`))
    throw new FormatError(`${path}: expected a file of torch.save, got TorchScript; save the model's state_dict()`)
  // PyTorch itself neither checks checksums nor always writes them.
  const read = (entry: ZipEntry, limit: number) => readEntry(source, entry, limit, { checksum: false })
  const order = entries.get(`${folder}byteorder`)
  if (order) {
    const text = Buffer.from(await read(order, 16)).toString('latin1')
    if (text !== 'little') throw new FormatError(`${path}: expected little-endian storages, got byteorder ${text}`)
  }
  const root = new Unpickler(await read(pickle, LONGEST_PICKLE), 0, contextOf(path)).load()
  return materialize(root, path, device, async ({ key }, bytes) => {
    const entry = entries.get(`${folder}data/${key}`)
    if (entry?.size !== bytes)
      throw new FormatError(`${path}: expected storage ${key} of ${bytes} bytes, got ${entry ? entry.size : 'none'}`)
    return read(entry, bytes)
  })
}
