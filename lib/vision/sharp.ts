import type sharp from 'sharp'
import { peerError } from '../peer.js'

export type Sharp = typeof sharp

/**
 * The library that knows the file formats.
 * @throws {Error} ERR_MODULE_NOT_FOUND, saying what to install, when it is not there
 */
export async function loadSharp(): Promise<Sharp> {
  try {
    return (await import('sharp')).default
  } catch (cause) {
    throw peerError('vision: images', 'sharp', cause)
  }
}
