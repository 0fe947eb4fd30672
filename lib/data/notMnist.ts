import { join } from 'node:path'
import { extractArchive } from './archive/extract.js'
import { type ClassImages, loadClasses } from './classImages.js'
import { cacheOf, locate, type SourceOptions } from './locate.js'

/** Options of {@link notMnist}. */
export interface NotMnistOptions extends SourceOptions {
  /** About 18,700 letters that were looked through, or about 529,000 that were not; default 'small'. */
  size?: 'small' | 'large'
}

const URLS = ['https://commondatastorage.googleapis.com/books1000/', 'http://yaroslavvb.com/upload/notMNIST/']
const CLASSES = 10

/**
 * notMNIST: the letters A to J in many typefaces, 28×28 (Bulatov 2011), class by class, as float32 between −0.5 and 0.5; two
 * files of the small set cannot be read. `notMNIST_small.tar.gz` is looked for in `root`, in `$CONVCORE_DATA/notmnist` and in
 * the cache, else downloaded; it is unpacked, and what was decoded kept, in `root` or the cache.
 *
 * @throws {FormatError} for a damaged archive, or one of other than ten classes; {@link DownloadError} when it is neither
 *   found nor to be had
 */
export async function notMnist({ size = 'small', ...options }: NotMnistOptions = {}): Promise<ClassImages[]> {
  if (size !== 'small' && size !== 'large')
    throw new RangeError(`notMnist: expected size 'small' or 'large', got ${String(size)}`)
  const name = `notMNIST_${size}`
  const archive = `${name}.tar.gz`
  const home = options.root ?? cacheOf('notmnist')
  const file = await locate('notmnist', [archive], { name: archive, urls: URLS.map((url) => url + archive) }, options)
  const folder = join(home, name)
  await extractArchive(file, folder, { strip: 1, signal: options.signal })
  return loadClasses(folder, { size: [28, 28], classes: CLASSES, cache: join(home, `${name}.cache`) })
}
