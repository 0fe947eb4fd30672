import { readFile } from 'node:fs/promises'
import type { DeviceLike } from '../device.js'
import { tensor } from '../create.js'
import { describe } from '../errors.js'
import { permute } from '../ops/shape.js'
import { scope } from '../scope.js'
import type { Tensor } from '../tensor.js'
import { checkPixelOptions, decodePixels, type PixelOptions, type Pixels } from './pixels.js'

/** Options of {@link readImage} and {@link decodeImage}. */
export interface ReadOptions extends PixelOptions {
  /** Where the image goes; default: the default device. */
  device?: DeviceLike | undefined
}

/**
 * An image file as a tensor: torchvision's `decode_image` of a path. JPEG, PNG, WebP, GIF (its first frame), TIFF and AVIF;
 * the optional package sharp must be installed.
 *
 * @returns uint8 [C, H, W], of 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGB, alpha) channels
 * @throws {FormatError} naming the path, for what is no such file, damaged, truncated or empty, or has too many pixels
 * @throws {RangeError} for options that are none
 */
export async function readImage(path: string, options: ReadOptions = {}): Promise<Tensor<'uint8'>> {
  checkPixelOptions('readImage', options)
  return toTensor(await readPixels(path, options), options.device)
}

/** As {@link readImage}, of a file's bytes; `name` stands in errors. */
export async function decodeImage(
  bytes: Uint8Array,
  { name = 'image', ...options }: ReadOptions & { name?: string } = {},
): Promise<Tensor<'uint8'>> {
  checkPixelOptions('decodeImage', options)
  if (!(bytes instanceof Uint8Array))
    throw new TypeError(`decodeImage: expected the bytes of a file, got ${describe(bytes)}`)
  return toTensor(await decodePixels(bytes, name, options), options.device)
}

/** @internal The pixels of a file, for those who hand them on without a tensor. */
export async function readPixels(path: string, options: PixelOptions): Promise<Pixels> {
  return decodePixels(await readFile(path), path, options)
}

/** @internal [C, H, W] */
export function toTensor({ data, height, width, channels }: Pixels, device?: DeviceLike): Tensor<'uint8'> {
  return scope(() => permute(tensor(data, { shape: [height, width, channels], device }), [2, 0, 1]))
}
