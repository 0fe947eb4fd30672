import { noGrad } from '../autograd.js'
import type { Dataset } from '../data/dataset.js'
import { isFloat } from '../dtype.js'
import { ShapeError } from '../errors.js'
import { checkWhole } from '../ops/check.js'
import { pad } from '../ops/pad.js'
import { argmax } from '../ops/reduce.js'
import { slice } from '../ops/slice.js'
import { Scope } from '../scope.js'
import { showShape } from '../shape.js'
import { Tensor } from '../tensor.js'
import { image, scaleFor, type ScaleOptions } from './bitmap.js'
import { type Caption, captioned, LINE } from './captions.js'
import { type GridOptions, makeGrid, normalized, toBatch } from './grid.js'
import type { Picture } from './picture.js'

/** Classes of samples: indices or, as a tensor, also one-hot or logits [N, K]. */
export type Classes = Tensor | ArrayLike<number>

/** `normalize` is by default whether pixels are floats beyond 0 … 1, `nrow` 5, `padding` 4 and `padValue` white. */
export interface ShowGridOptions extends GridOptions, ScaleOptions {
  /** The most images shown, the first ones; default 20. */
  count?: number
  /** Written below each image; default: those of the data set. */
  labels?: Classes
  /** The model's answers: in green where they are the label, else in red, with the label. */
  predictions?: Classes
  /** The classes' names; default: those of the data set, or 0, 1, … */
  classes?: readonly string[]
}

/** Images [C, H, W] and their labels. */
type Samples = Dataset<readonly [Tensor, Tensor | number]> & { readonly classes?: readonly string[] }

/**
 * Samples side by side, with labels and predictions below.
 *
 * @param images [N, C, H, W], an array of [C, H, W], or a data set of images and labels
 * @throws {ShapeError} when images are no images, {RangeError} when there are fewer labels or names than are needed
 */
export async function showGrid(
  images: Tensor | readonly Tensor[] | Samples,
  options: ShowGridOptions = {},
): Promise<Picture> {
  const { count = 20, nrow = 5, padding = 4, ...rest } = options
  checkWhole('showGrid', 'count', count, 1)
  using work = new Scope()
  const samples = isSet(images) ? await take(images, count) : { images }
  const batch = work.run(() => noGrad(() => first(toBatch(samples.images), count)))
  const classes = rest.classes ?? samples.classes
  const [n, , , width] = batch.shape as [number, number, number, number]
  const columns = Math.min(checkWhole('showGrid', 'nrow', nrow, 1), n)
  const labels = await indices('labels', rest.labels ?? samples.labels, n)
  const predictions = await indices('predictions', rest.predictions, n)
  const captions = Array.from({ length: n }, (_, i) => captionOf(labels?.[i], predictions?.[i], classes))
  const scale = scaleFor('showGrid', columns * width, rest.scale)
  const white = isFloat(batch.dtype) ? 1 : 255
  const grid: GridOptions = {
    nrow,
    padding,
    padValue: white,
    ...rest,
    normalize: rest.normalize ?? (await isBeyond(batch)),
  }
  const band = labels || predictions ? Math.ceil(LINE / scale) : 0
  const tiles = work.run(() => pad(normalized(batch, grid), [0, 0, 0, band], { value: grid.padValue }))
  const whole = await image(
    work.run(() => makeGrid(tiles, { ...grid, normalize: false })),
    { scale },
  )
  return band ? captioned(whole, captions, { columns, padding: n === 1 ? 0 : padding, band }) : whole
}

const isSet = (images: unknown): images is Samples =>
  typeof (images as Partial<Samples> | undefined)?.get === 'function'

const first = (batch: Tensor, count: number): Tensor => slice(batch, 0, 0, Math.min(count, batch.shape[0]!))

interface Taken {
  images: Tensor | readonly Tensor[]
  labels?: number[]
  classes?: readonly string[] | undefined
}

/** The first samples of a data set. */
async function take(set: Samples, count: number): Promise<Taken> {
  const samples: (readonly [Tensor, Tensor | number])[] = []
  for (let i = 0; i < Math.min(count, set.length); i++) samples.push(await set.get(i))
  const labels: number[] = []
  for (const [, label] of samples) labels.push(label instanceof Tensor ? await label.item() : label)
  return { images: samples.map(([x]) => x), labels, classes: set.classes }
}

/** @internal Whether there are float pixels that are not from 0 to 1. */
export async function isBeyond(batch: Tensor): Promise<boolean> {
  if (!isFloat(batch.dtype)) return false
  const pixels = await batch.data()
  return pixels.some((value) => value < 0 || value > 1)
}

async function indices(name: string, given: Classes | undefined, count: number): Promise<number[] | undefined> {
  if (given === undefined) return undefined
  if (given instanceof Tensor && given.rank !== 1 && given.rank !== 2)
    throw new ShapeError(`showGrid: expected ${name} [N] or [N, K], got ${showShape(given.shape)}`)
  using work = new Scope()
  const flat = given instanceof Tensor && given.rank === 2 ? work.run(() => argmax(given.detach(), 1)) : given
  const all = flat instanceof Tensor ? await flat.data() : flat
  if (all.length < count) throw new RangeError(`showGrid: expected ${name} of ${count} images, got ${all.length}`)
  return Array.from({ length: count }, (_, i) => all[i]!)
}

function captionOf(label: number | undefined, prediction: number | undefined, classes?: readonly string[]): Caption {
  const name = (index: number): string => {
    const text = classes ? classes[index] : String(index)
    if (text === undefined)
      throw new RangeError(`showGrid: expected the name of class ${index}, got ${classes?.length} names`)
    return text
  }
  if (prediction === undefined) return { text: label === undefined ? '' : name(label) }
  if (label === undefined) return { text: name(prediction) }
  const right = label === prediction
  return { text: right ? name(prediction) : `${name(prediction)} (${name(label)})`, right }
}
