import { describe, ShapeError } from '../errors.js'
import { checkTensor } from '../ops/check.js'
import { sameShape, showShape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { Bitmap, image, scaleFor, type ScaleOptions } from './bitmap.js'

/** Options of {@link heatmap}. */
export interface HeatmapOptions extends ScaleOptions {
  /** What lies below: [1 or 3, H, W], as `image` takes it. */
  over?: Tensor
  /** How much the heat covers it, from 0 to 1; default 0.5. */
  alpha?: number
}

/** From cold to hot, evenly spaced: dark blue, blue, cyan, yellow, red, dark red. */
const COLORS = [
  [0, 0, 128],
  [0, 64, 255],
  [0, 224, 255],
  [255, 224, 0],
  [255, 32, 0],
  [128, 0, 0],
] as const

/**
 * Values from 0 to 1 as colours from blue to red, over an image if there is one: what `gradCam` gives for an image.
 *
 * @param heat [H, W]
 * @throws {ShapeError} when the shapes do not fit, {RangeError} when alpha is not from 0 to 1
 */
export async function heatmap(heat: Tensor, { over, alpha = 0.5, scale }: HeatmapOptions = {}): Promise<Bitmap> {
  checkTensor('heatmap', 'heat', heat)
  if (heat.rank !== 2) throw new ShapeError(`heatmap: expected heat [H, W], got ${showShape(heat.shape)}`)
  if (!(alpha >= 0 && alpha <= 1)) throw new RangeError(`heatmap: expected alpha from 0 to 1, got ${describe(alpha)}`)
  if (over && !sameShape(over.shape.slice(-2), heat.shape))
    throw new ShapeError(`heatmap: expected an image of ${showShape(heat.shape)}, got ${showShape(over.shape)}`)
  const [height, width] = heat.shape as [number, number]
  const factor = scaleFor('heatmap', width, scale)
  const below = over && (await image(over))
  const values = await heat.data()
  const rgb = new Uint8Array(3 * values.length)
  const share = below ? alpha : 1
  for (const [i, value] of values.entries())
    for (const [c, hot] of colorOf(value).entries())
      rgb[3 * i + c] = Math.round(share * hot + (1 - share) * (below?.pixels.rgb[3 * i + c] ?? 0))
  return new Bitmap({ width, height, rgb }, factor)
}

function colorOf(value: number): number[] {
  const at = Math.min(1, Math.max(0, value || 0)) * (COLORS.length - 1)
  const first = Math.min(COLORS.length - 2, Math.floor(at))
  return COLORS[first]!.map((from, c) => from + (at - first) * (COLORS[first + 1]![c]! - from))
}
