import { describe } from '../errors.js'
import { Generator, philox } from '../random.js'
import { type Glyph, glyphs } from './glyphs.js'
import { ImageDataset, type ImageDatasetOptions } from './images.js'
import { inkLine } from './raster.js'

/** Options of {@link digits}. */
export interface DigitsOptions extends ImageDatasetOptions {
  /** Number of images; default 10,000 to train on, 2,000 to test with. */
  count?: number
  /** Default 0. The same seed draws the same images; a smaller count is a prefix of a larger one. */
  seed?: number
  /** The splits of one seed have no image in common; default 'train'. */
  split?: 'train' | 'test'
}

const SIZE = 28
const PIXELS = SIZE * SIZE
const TEST_OFFSET = 2 ** 52

/**
 * Handwritten-looking digits, drawn in code and so always at hand: 28×28 like MNIST, every ten in a row one of each class
 * in random order. Each is a pen stroke that is warped, slanted, scaled, turned and shifted at random.
 */
export function digits({ count, seed = 0, split = 'train', ...options }: DigitsOptions = {}): ImageDataset {
  const n = count ?? (split === 'train' ? 10_000 : 2_000)
  if (!(Number.isSafeInteger(n) && n >= 0))
    throw new RangeError(`digits: expected count to be an integer ≥ 0, got ${n}`)
  if (split !== 'train' && split !== 'test')
    throw new RangeError(`digits: expected split 'train' or 'test', got ${describe(split)}`)
  const generator = new Generator(seed).setState({ seed, offset: split === 'train' ? 0 : TEST_OFFSET })
  const pixels = new Uint8Array(n * PIXELS)
  const labels = new Int32Array(n)
  let order: Int32Array = labels
  for (let i = 0; i < n; i++) {
    if (i % 10 === 0) order = generator.permutation(10)
    const label = order[i % 10]!
    const variants = glyphs[label]!
    labels[i] = label
    drawDigit(pixels.subarray(i * PIXELS, (i + 1) * PIXELS), variants[generator.integer(variants.length)]!, generator)
  }
  const classes = glyphs.map((_, digit) => String(digit))
  return new ImageDataset({ pixels, height: SIZE, width: SIZE, labels }, classes, options)
}

function drawDigit(pixels: Uint8Array, glyph: Glyph, generator: Generator): void {
  const between = (low: number, high: number) => low + (high - low) * generator.random()
  const place = placement(between)
  const radius = between(0.8, 1.6)
  const ink = new Float32Array(PIXELS)
  for (const stroke of glyph) {
    const points = stroke.map(([x, y]) => place(x, y))
    for (let i = 1; i < points.length; i++) {
      const [x0, y0] = points[i - 1]!
      const [x1, y1] = points[i]!
      inkLine(ink, SIZE, x0, y0, x1, y1, radius)
    }
  }
  expose(pixels, ink, between(0.75, 1), between(0, 0.2), generator)
}

/** A random map from the glyph's box to pixels: a smooth warp, then width, slant, height, turn and shift. */
function placement(between: (low: number, high: number) => number): (x: number, y: number) => [number, number] {
  const wave = () => {
    const size = between(-0.05, 0.05)
    const frequency = between(2, 6)
    const phase = between(0, 2 * Math.PI)
    return (t: number) => size * Math.sin(frequency * t + phase)
  }
  const [leanX, swayX, leanY, swayY] = [wave(), wave(), wave(), wave()]
  const height = between(17, 21)
  const width = height * between(0.65, 1)
  const slant = between(-0.1, 0.35) * height
  const turn = between(-0.15, 0.15)
  const cos = Math.cos(turn)
  const sin = Math.sin(turn)
  const middle = (SIZE - 1) / 2
  const shiftX = middle + between(-1.5, 1.5)
  const shiftY = middle + between(-1.5, 1.5)
  return (x, y) => {
    const v = y - 0.5 + leanY(x) + swayY(y)
    const u = width * (x - 0.5 + leanX(x) + swayX(y)) - slant * v
    return [cos * u - sin * height * v + shiftX, sin * u + cos * height * v + shiftY]
  }
}

/** Ink to bytes: darkness of the pen, and noise of up to ± `noise` / 2. */
function expose(pixels: Uint8Array, ink: Float32Array, darkness: number, noise: number, generator: Generator): void {
  const words = new Uint32Array(4)
  const bytes = new Uint8Array(words.buffer)
  const first = generator.take(PIXELS / 16)
  for (let i = 0; i < PIXELS; i++) {
    if (i % 16 === 0) philox(generator.seed, first + i / 16, words)
    const value = 255 * darkness * ink[i]! + noise * (bytes[i % 16]! - 127.5)
    pixels[i] = Math.min(255, Math.max(0, Math.round(value)))
  }
}
