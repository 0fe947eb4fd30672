import { extname } from 'node:path'
import type { Sharp as Image } from 'sharp'
import { describe, ShapeError } from '../errors.js'
import { writeAtomically } from '../io/atomic.js'
import { checkDType, checkTensor } from '../ops/check.js'
import { permute } from '../ops/shape.js'
import { Scope } from '../scope.js'
import { showShape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { loadSharp } from './sharp.js'

export type ImageFormat = 'jpeg' | 'png' | 'webp' | 'gif'

export interface EncodeOptions {
  /** Of JPEG and WebP, from 1 to 100. Default 75, as torchvision's. */
  quality?: number | undefined
  /** Of PNG, from 0 to 9. Default 6, as torchvision's. */
  compressionLevel?: number | undefined
  /** Of WebP: every pixel as it is. Default false. */
  lossless?: boolean | undefined
}

export interface WriteOptions extends EncodeOptions {
  /** Default: what the name of the file ends in. */
  format?: ImageFormat | undefined
}

const extensions: Readonly<Record<string, ImageFormat>> = {
  '.jpg': 'jpeg',
  '.jpeg': 'jpeg',
  '.png': 'png',
  '.webp': 'webp',
  '.gif': 'gif',
}

/** Channels that a format keeps. */
const channelsOf: Readonly<Record<ImageFormat, readonly number[]>> = {
  jpeg: [1, 3],
  png: [1, 2, 3, 4],
  webp: [3, 4],
  gif: [3, 4],
}

/**
 * An image as the bytes of a file: torchvision's `encode_jpeg` and `encode_png`.
 *
 * @param image uint8 [C, H, W] with as many channels as the format keeps: JPEG 1 or 3, PNG 1 to 4, WebP and GIF 3 or 4
 * @throws {ShapeError} {@link DTypeError} for another image
 * @throws {RangeError} for an unknown format, or a quality or level that is none
 */
export async function encodeImage(
  image: Tensor<'uint8'>,
  format: ImageFormat,
  options: EncodeOptions = {},
): Promise<Uint8Array> {
  return encode('encodeImage', image, format, options)
}

/**
 * Writes an image file as a whole, or, on failure, leaves what was there; see {@link encodeImage}.
 *
 * @throws {RangeError} also when neither `format` nor the path's ending says which format
 */
export async function writeImage(path: string, image: Tensor<'uint8'>, options: WriteOptions = {}): Promise<void> {
  const format = options.format ?? extensions[extname(path).toLowerCase()]
  if (!format)
    throw new RangeError(
      `writeImage: expected a path that ends in ${Object.keys(extensions).join(', ')}, or a format, got ${describe(path)}`,
    )
  const bytes = await encode('writeImage', image, format, options)
  await writeAtomically(path, async (file) => file.writeFile(bytes))
}

async function encode(
  op: string,
  image: Tensor<'uint8'>,
  format: ImageFormat,
  options: EncodeOptions,
): Promise<Uint8Array> {
  checkTensor(op, 'image', image)
  checkDType(op, 'image', image, 'uint8')
  if (!Object.hasOwn(channelsOf, format))
    throw new RangeError(
      `${op}: expected format to be one of ${Object.keys(channelsOf).join(', ')}, got ${describe(format)}`,
    )
  const allowed = channelsOf[format]
  if (image.rank !== 3 || !allowed.includes(image.shape[0]!) || image.size === 0)
    throw new ShapeError(
      `${op}: expected image of shape [C, H, W] with ${allowed.join(' or ')} channels for ${format}, got ${showShape(image.shape)}`,
    )
  const { quality, level } = checked(op, options)
  const [channels, height, width] = image.shape as [1 | 2 | 3 | 4, number, number]
  const sharp = await loadSharp()
  const data = await interleaved(image)
  const raw = sharp(data, { raw: { width, height, channels } })
  return written(channels < 3 ? raw.toColourspace('b-w') : raw, format, quality, level, options.lossless)
}

function checked(op: string, { quality = 75, compressionLevel: level = 6 }: EncodeOptions) {
  const expect = (name: string, value: number, low: number, high: number) => {
    if (!(Number.isInteger(value) && value >= low && value <= high))
      throw new RangeError(
        `${op}: expected ${name} to be a whole number from ${low} to ${high}, got ${describe(value)}`,
      )
  }
  expect('quality', quality, 1, 100)
  expect('compressionLevel', level, 0, 9)
  return { quality, level }
}

/** [H, W, C] */
async function interleaved(image: Tensor<'uint8'>): Promise<Uint8Array> {
  using made = new Scope()
  return await made.run(() => permute(image.detach(), [1, 2, 0])).data()
}

async function written(image: Image, format: ImageFormat, quality: number, level: number, lossless = false) {
  switch (format) {
    case 'jpeg':
      return image.jpeg({ quality }).toBuffer()
    case 'png':
      return image.png({ compressionLevel: level }).toBuffer()
    case 'webp':
      return image.webp({ quality, lossless }).toBuffer()
    case 'gif':
      return image.gif().toBuffer()
  }
}
