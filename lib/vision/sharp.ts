import type sharp from 'sharp'

export type Sharp = typeof sharp

/**
 * The library that knows the file formats.
 * @throws {Error} ERR_MODULE_NOT_FOUND, saying what to install, when it is not there
 */
export async function loadSharp(): Promise<Sharp> {
  try {
    return (await import('sharp')).default
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND'
    const reason = missing ? 'is not installed: run `npm install sharp`' : `does not load: ${(cause as Error).message}`
    throw Object.assign(new Error(`vision: images need the package sharp, which ${reason}`, { cause }), {
      code: 'ERR_MODULE_NOT_FOUND',
    })
  }
}
