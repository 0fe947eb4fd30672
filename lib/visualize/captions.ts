import { type Bitmap, dataUri } from './bitmap.js'
import { escape } from './escape.js'
import type { Picture } from './picture.js'
import { Vector } from './vector.js'

/** Below an image. */
export interface Caption {
  readonly text: string
  /** Of a prediction; undefined: neither right nor wrong. */
  readonly right?: boolean
}

/** How a grid lies, in pixels of the images. */
interface Layout {
  readonly columns: number
  readonly padding: number
  /** Below each image, for its caption. */
  readonly band: number
}

/** Pixels that a line of letters takes. */
export const LINE = 20

const LARGEST = 14
const LETTER = 0.6 // mean width of a letter, as a share of its height

/** A grid of images with words in the bands below them. */
export function captioned(grid: Bitmap, captions: readonly Caption[], { columns, padding, band }: Layout): Picture {
  const { scale, pixels, width, height } = grid
  const rows = Math.ceil(captions.length / columns)
  const cell = { width: (pixels.width - padding) / columns, height: (pixels.height - padding) / rows }
  const longest = Math.max(...captions.map(({ text }) => text.length))
  const size = Math.min(LARGEST, (cell.width * scale) / (LETTER * longest))
  const words = captions.map(({ text, right }, i) => {
    const x = scale * (padding + (i % columns) * cell.width + (cell.width - padding) / 2)
    const y = scale * ((Math.floor(i / columns) + 1) * cell.height - band / 2)
    return `<text x="${round(x)}" y="${round(y + size / 3)}" fill="${color(right)}">${escape(text)}</text>`
  })
  const draw = async (): Promise<string> =>
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">` +
    `<image width="${width}" height="${height}" href="${await dataUri(grid)}"/>` +
    `<g font-family="sans-serif" font-size="${round(size)}" text-anchor="middle">${words.join('')}</g></svg>\n`
  const lines = Array.from({ length: rows }, (_, row) =>
    captions
      .slice(row * columns, (row + 1) * columns)
      .map(mark)
      .join('  '),
  )
  return new Vector(width, height, draw, (options) => `${grid.text(options)}${lines.join('\n')}\n`)
}

const round = (value: number): number => Math.round(10 * value) / 10

const color = (right: boolean | undefined): string => (right === undefined ? '#222' : right ? '#1a7f37' : '#cf222e')

const mark = ({ text, right }: Caption): string => (right === false ? `✗ ${text}` : text)
