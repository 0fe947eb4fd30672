import { randomBytes } from 'node:crypto'
import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { FormatError } from '../../errors.js'
import { checkWhole } from '../../ops/check.js'
import { type ExtractOptions, Target } from './target.js'
import { untar, untarGzip } from './tar.js'
import { unzip } from './zip.js'

/** What the file system says of names and orders of entries that no folder can have. */
const MISFITS = ['EEXIST', 'EINVAL', 'EISDIR', 'EILSEQ', 'ENAMETOOLONG', 'ENOTDIR']

/**
 * Unpacks a .tar, .tar.gz or .zip into a folder that is not there yet; which of them a file is, its first bytes say. The
 * folder appears as a whole: an archive that fails leaves nothing behind. Only files and folders are made, with the rights
 * that new ones have.
 *
 * @returns whether it was unpacked; false: the folder is there already, and was left alone
 * @throws {FormatError} for what is damaged or no archive, for entries that lead out of the folder, links and devices, and
 *   for more entries or bytes than the limits allow; the signal's reason when aborted
 */
export async function extractArchive(file: string, folder: string, options: ExtractOptions = {}): Promise<boolean> {
  for (const name of ['strip', 'maxEntries', 'maxBytes', 'maxRatio'] as const)
    if (options[name] !== undefined) checkWhole('extractArchive', name, options[name], name === 'strip' ? 0 : 1)
  options.signal?.throwIfAborted()
  if (await isThere(folder)) return false
  const { size } = await stat(file)
  const unpack = await unpackerOf(file)
  const temporary = `${folder}.${randomBytes(6).toString('hex')}.part`
  await mkdir(dirname(folder), { recursive: true })
  await mkdir(temporary)
  try {
    await unpack(file, new Target(file, temporary, size, options))
    await rename(temporary, folder)
    return true
  } catch (error) {
    await rm(temporary, { recursive: true, force: true })
    options.signal?.throwIfAborted()
    if (await isThere(folder)) return false // another process was faster
    throw misfit(file, error)
  }
}

/** What unpacks a file, by its first bytes. */
async function unpackerOf(path: string): Promise<(path: string, target: Target) => Promise<void>> {
  const file = await open(path)
  try {
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0)
    const magic = buffer.toString('latin1')
    if (magic === 'PK\x03\x04' || magic === 'PK\x05\x06') return unzip
    return magic.startsWith('\x1f\x8b') ? untarGzip : untar
  } finally {
    await file.close()
  }
}

function isThere(folder: string): Promise<boolean> {
  return stat(folder).then(
    () => true,
    () => false,
  )
}

function misfit(file: string, cause: unknown): unknown {
  const { code = '', message } = cause as NodeJS.ErrnoException
  if (!MISFITS.includes(code)) return cause
  return new FormatError(`${file}: expected entries that a folder can hold, got ${message}`, { cause })
}
