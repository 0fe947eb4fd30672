import { access } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { DownloadError } from '../errors.js'
import { fetchFile, type FetchOptions } from './download.js'

export interface SourceOptions extends Pick<FetchOptions, 'onProgress' | 'signal'> {
  /** Folder of the data set's files; looked into first, and downloaded to. */
  root?: string
  /** Fetch files that are not found; default true. */
  download?: boolean
}

/** A file of a data set, and where it can be had. */
export interface RemoteFile {
  readonly name: string
  readonly urls: readonly string[]
  readonly sha256?: string
}

/** Where downloads of a data set go. */
export function cacheOf(set: string): string {
  return join(process.env.CONVCORE_CACHE || join(homedir(), '.cache', 'convcore'), set)
}

/** Where a data set is looked for: in `root`, in `$CONVCORE_DATA` and in the cache. */
export function foldersOf(set: string, root?: string): string[] {
  const { CONVCORE_DATA } = process.env
  return [root, CONVCORE_DATA && join(CONVCORE_DATA, set), cacheOf(set)].filter((folder) => !!folder) as string[]
}

/** The first path of several names that there is, in one folder after the other. */
export async function find(folders: readonly string[], names: readonly string[]): Promise<string | undefined> {
  for (const folder of folders)
    for (const name of names) if (await exists(join(folder, name))) return join(folder, name)
  return undefined
}

/**
 * The path of a data set's file: where it lies, under one of its names, or where it was downloaded to.
 * @throws {DownloadError} when it is neither found nor to be had
 */
export async function locate(
  set: string,
  names: readonly string[],
  file: RemoteFile,
  options: SourceOptions,
): Promise<string> {
  const folders = foldersOf(set, options.root)
  const found = await find(folders, names)
  if (found !== undefined) return found
  if (options.download === false)
    throw new DownloadError(
      `${set}: ${names.join(' or ')} not found in ${folders.join(', ')}; it can be had from ${file.urls.join(' or ')}`,
    )
  const target = join(options.root ?? cacheOf(set), file.name)
  const { onProgress, signal } = options
  await fetchFile(file.urls, target, { onProgress, signal, sha256: file.sha256 })
  return target
}

export function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
