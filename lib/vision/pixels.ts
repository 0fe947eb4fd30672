import type { Metadata, Sharp as Image } from 'sharp'
import { describe, FormatError } from '../errors.js'
import { checkWhole } from '../ops/check.js'
import { cmykToRgb, grayAlphaOf } from './channels.js'
import { loadSharp, type Sharp } from './sharp.js'

/** torchvision's `ImageReadMode`. */
export type ImageMode = 'unchanged' | 'gray' | 'grayAlpha' | 'rgb' | 'rgba'

/** What pixels of a file become. */
export interface PixelOptions {
  /**
   * Which channels to give. Default `'unchanged'`: those of the file, where palettes count as their colours and CMYK as
   * RGB. `'rgb'` and `'gray'` drop alpha as it is, without blending, as torchvision and Pillow's `convert('RGB')` do;
   * `'gray'` is 0.299 R + 0.587 G + 0.114 B, rounded down; alpha that a file lacks is 255.
   */
  mode?: ImageMode | undefined
  /** Turn and mirror the image as its EXIF tag says. Default false, as in torchvision. */
  applyExifOrientation?: boolean | undefined
  /** The most pixels, width × height, that a file may claim. Default 268,402,689 (0x3FFF²). */
  limitInputPixels?: number | undefined
}

/** An image with the channels of each pixel side by side. */
export interface Pixels {
  /** [height, width, channels] */
  readonly data: Uint8Array
  readonly height: number
  readonly width: number
  /** 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha. */
  readonly channels: number
}

const MODES: readonly ImageMode[] = ['unchanged', 'gray', 'grayAlpha', 'rgb', 'rgba']
const FORMATS = ['jpeg', 'png', 'webp', 'gif', 'tiff', 'heif']
const LUMA: [number, number, number] = [0.299, 0.587, 0.114]

/** @throws {RangeError} {@link TypeError} */
export function checkPixelOptions(op: string, options: PixelOptions): void {
  const { mode = 'unchanged', limitInputPixels = 1, applyExifOrientation = false } = options
  if (!MODES.includes(mode))
    throw new RangeError(`${op}: expected mode to be one of ${MODES.join(', ')}, got ${describe(mode)}`)
  checkWhole(op, 'limitInputPixels', limitInputPixels, 1)
  if (typeof applyExifOrientation !== 'boolean')
    throw new TypeError(`${op}: expected applyExifOrientation to be a boolean, got ${describe(applyExifOrientation)}`)
}

/**
 * The pixels of a JPEG, PNG, WebP, GIF (its first frame), TIFF or AVIF file, decoded in a thread of its own. Colour profiles
 * are passed over, as by Pillow, and 16 bits brought to 8.
 *
 * @param name of the file, in errors
 * @throws {FormatError} for other, damaged, truncated or empty files and for those of too many pixels
 */
export async function decodePixels(bytes: Uint8Array, name: string, options: PixelOptions = {}): Promise<Pixels> {
  const sharp = await loadSharp()
  if (bytes.length === 0) throw new FormatError(`${name}: expected an image, got an empty file`)
  try {
    return await decode(sharp, bytes, options)
  } catch (cause) {
    const reason = (cause as Error).message.trim().replaceAll(/\s*\n\s*/g, '; ')
    throw new FormatError(`${name}: expected an image (JPEG, PNG, WebP, GIF, TIFF or AVIF), got ${reason}`, { cause })
  }
}

async function decode(sharp: Sharp, bytes: Uint8Array, options: PixelOptions): Promise<Pixels> {
  const { mode = 'unchanged', applyExifOrientation = false, limitInputPixels = 0x3fff ** 2 } = options
  const open = () => {
    const image = sharp(bytes, { failOn: 'error', ignoreIcc: true, limitInputPixels })
    return applyExifOrientation ? image.autoOrient() : image
  }
  const metadata = await open().metadata()
  if (!FORMATS.includes(metadata.format)) throw new Error(`the format ${metadata.format}`)
  const image = metadata.space === 'cmyk' ? await fromCmyk(sharp, open()) : open()
  const target = mode === 'unchanged' ? natural(metadata) : mode
  const { data, info } = await inMode(image, metadata, target)
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
  const { height, width, channels } = info
  if (target === 'grayAlpha') return { data: grayAlphaOf(data), height, width, channels: 2 }
  return { data, height, width, channels }
}

type Channels = Exclude<ImageMode, 'unchanged'>

const isGray = ({ space }: Metadata): boolean => space === 'b-w' || space === 'grey16'

function natural(metadata: Metadata): Channels {
  if (isGray(metadata)) return metadata.hasAlpha ? 'grayAlpha' : 'gray'
  return metadata.hasAlpha && metadata.space !== 'cmyk' ? 'rgba' : 'rgb'
}

/** For `'grayAlpha'` still in four channels, which is what the library can give. */
function inMode(image: Image, metadata: Metadata, mode: Channels): Image {
  const alpha = mode === 'grayAlpha' || mode === 'rgba'
  const chosen = alpha ? image.ensureAlpha() : image.removeAlpha()
  const gray = mode === 'gray' || mode === 'grayAlpha'
  const weighted = gray && !isGray(metadata) ? chosen.recomb([LUMA, LUMA, LUMA]) : chosen
  return weighted.toColourspace(mode === 'gray' ? 'b-w' : 'srgb')
}

async function fromCmyk(sharp: Sharp, image: Image): Promise<Image> {
  const cmyk = image.pipelineColourspace('cmyk').toColourspace('cmyk').raw({ depth: 'uchar' })
  const { data, info } = await cmyk.toBuffer({ resolveWithObject: true })
  return sharp(cmykToRgb(data), { raw: { width: info.width, height: info.height, channels: 3 } })
}
