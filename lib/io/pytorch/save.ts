import { writeAtomically } from '../atomic.js'
import { encode } from '../elements.js'
import { writeZip, type ZipFile } from '../zip/write.js'
import { pickle, type Stored } from './write.js'

/** As PyTorch aligns storages, so that they can be mapped to memory. */
const ALIGN = 64

/**
 * Writes a zip file that `torch.load(file, weights_only=True)` reads: a state dict, or tensors, numbers, strings, booleans
 * and null in objects, Maps (whose keys may be numbers) and arrays. All is read as it stands at the call; the file is
 * replaced as a whole, or, on failure, left as it was.
 *
 * ```ts
 * await io.savePyTorch('net.pth', net.stateDict())
 * await io.savePyTorch('run.pt', { state_dict: net, epoch: 3 }) // what has a stateDict() stands for its state
 * ```
 *
 * @throws {TypeError} for anything else, naming where it is
 */
export async function savePyTorch(path: string, content: object): Promise<void> {
  const { bytes, stored } = pickle(content)
  const reads = await Promise.all(stored.map(async ({ tensor }) => encode(tensor.dtype, await tensor.data())))
  await writeAtomically(path, (file) => writeZip(file, filesOf(bytes, stored, reads), { align: ALIGN }))
}

function* filesOf(bytes: Uint8Array, stored: readonly Stored[], reads: readonly Uint8Array[]): Generator<ZipFile> {
  const text = (name: string, content: string): ZipFile => ({ name: `archive/${name}`, bytes: Buffer.from(content) })
  yield { name: 'archive/data.pkl', bytes }
  yield text('.format_version', '1')
  yield text('.storage_alignment', String(ALIGN))
  yield text('byteorder', 'little')
  for (const [i, { key }] of stored.entries()) yield { name: `archive/data/${key}`, bytes: reads[i]! }
  yield text('version', '3\n')
}
