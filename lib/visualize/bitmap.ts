import { ShapeError } from '../errors.js'
import { checkTensor, checkWhole } from '../ops/check.js'
import { cat } from '../ops/join.js'
import { add } from '../ops/elementwise.js'
import { clamp, scale as times } from '../ops/unary.js'
import { permute, reshape } from '../ops/shape.js'
import { noGrad } from '../autograd.js'
import { loadSharp } from '../vision/sharp.js'
import { Scope } from '../scope.js'
import { showShape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { isFloat } from '../dtype.js'
import { Picture } from './picture.js'
import { type Pixels, type TextOptions, toText } from './terminal.js'

/** How pixels are magnified. */
export interface ScaleOptions {
  /** Side of the square that each pixel is shown as; default: such that the picture is about 600 pixels wide. */
  scale?: number
}

const COMFORTABLE = 600 // pixels of width

/** A picture made of pixels. */
export class Bitmap extends Picture {
  constructor(
    /** Before they are magnified. */
    readonly pixels: Pixels,
    /** Pixels of the file, by side, for each of them. */
    readonly scale: number,
  ) {
    super(pixels.width * scale, pixels.height * scale)
  }

  async png(): Promise<Uint8Array> {
    const sharp = await loadSharp()
    const { width, height, rgb } = this.pixels
    const raw = sharp(rgb, { raw: { width, height, channels: 3 } })
    return raw.resize(this.width, this.height, { kernel: 'nearest' }).png().toBuffer()
  }

  async svg(): Promise<string> {
    const { width, height } = this
    return (
      `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">` +
      `<image width="${width}" height="${height}" href="${await dataUri(this)}"/></svg>\n`
    )
  }

  text(options?: TextOptions): string {
    return toText(this.pixels, options)
  }
}

/** The picture's PNG inside of an address. */
export const dataUri = async (picture: Picture): Promise<string> =>
  `data:image/png;base64,${Buffer.from(await picture.png()).toString('base64')}`

/**
 * An image as a picture: float pixels from 0 to 1, what lies beyond is cut off, or uint8 ones.
 * @param x [C, H, W] with one or three channels, or [H, W]
 * @throws {ShapeError} for other shapes
 */
export async function image(x: Tensor, { scale }: ScaleOptions = {}): Promise<Bitmap> {
  checkTensor('image', 'x', x)
  const [c, height, width] = x.rank === 2 ? [1, ...x.shape] : x.shape
  if (x.rank < 2 || x.rank > 3 || (c !== 1 && c !== 3) || x.size === 0)
    throw new ShapeError(`image: expected an image [1 or 3, H, W] or [H, W], got ${showShape(x.shape)}`)
  const factor = scaleFor('image', width!, scale)
  using work = new Scope()
  const bytes = work.run(() => noGrad(() => interleaved(reshape(toBytes(x), [c, height!, width!]))))
  return new Bitmap({ width: width!, height: height!, rgb: (await bytes.data()) as Uint8Array }, factor)
}

/** The side of a pixel. @throws {RangeError} unless it is a positive integer */
export const scaleFor = (op: string, width: number, scale: number | undefined): number =>
  scale === undefined ? Math.max(1, Math.floor(COMFORTABLE / width)) : checkWhole(op, 'scale', scale, 1)

/** As torchvision's `save_image`: x · 255 + 0.5, cut off at 0 and 255. */
const toBytes = (x: Tensor): Tensor =>
  isFloat(x.dtype) ? clamp(add(times(x.detach(), 255), 0.5), 0, 255).to('uint8') : x.to('uint8')

/** [C, H, W] → [H, W, 3] */
const interleaved = (x: Tensor): Tensor => permute(x.shape[0] === 1 ? cat([x, x, x], 0) : x, [1, 2, 0])
