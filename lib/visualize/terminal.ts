import type { Writable } from 'node:stream'
import type { WriteStream } from 'node:tty'

/** How characters are laid out in a terminal. */
export interface TextOptions {
  /** The widest line; default 80. */
  columns?: number
  /** Bits of colour: 24, 8 or, the default, 1, which is none. */
  colors?: number
}

/** Pixels, three bytes each, row by row. */
export interface Pixels {
  /** Pixels per row. */
  readonly width: number
  /** Rows. */
  readonly height: number
  /** [height, width, 3] */
  readonly rgb: Uint8Array
}

type Color = readonly [red: number, green: number, blue: number]

/** What a stream can show. */
export function textOptionsOf(stream: Writable): Required<TextOptions> {
  const { isTTY, columns = 80 } = stream as Partial<WriteStream>
  return { columns, colors: isTTY ? ((stream as Partial<WriteStream>).getColorDepth?.() ?? 1) : 1 }
}

const RAMP = ' .:-=+*#%@'
const RESET = '\x1b[0m'

/** Pixels as characters, two pixels of height each: half blocks in two colours, or, without colours, the denser the brighter. */
export function toText(pixels: Pixels, { columns = 80, colors = 1 }: TextOptions = {}): string {
  const { width, height, rgb } = shrunk(pixels, columns)
  const at = (x: number, y: number): Color => {
    const i = 3 * (Math.min(y, height - 1) * width + x)
    return [rgb[i]!, rgb[i + 1]!, rgb[i + 2]!]
  }
  let text = ''
  for (let y = 0; y < height; y += 2) {
    let line = ''
    for (let x = 0; x < width; x++) {
      const [upper, lower] = [at(x, y), at(x, y + 1)]
      line += colors >= 8 ? `\x1b[38;${code(upper, colors)};48;${code(lower, colors)}m▀` : shade(upper, lower)
    }
    text += colors >= 8 ? `${line}${RESET}\n` : `${line.trimEnd()}\n`
  }
  return text
}

const code = ([r, g, b]: Color, colors: number): string =>
  colors >= 24 ? `2;${r};${g};${b}` : `5;${16 + 36 * fifth(r) + 6 * fifth(g) + fifth(b)}`

/** A byte as one of the six steps of the 256-colour cube. */
const fifth = (byte: number): number => Math.round((5 * byte) / 255)

/** Luma by ITU-R BT.601. */
const luma = ([r, g, b]: Color): number => (299 * r + 587 * g + 114 * b) / 1000

const shade = (upper: Color, lower: Color): string =>
  RAMP[Math.min(RAMP.length - 1, Math.floor(((luma(upper) + luma(lower)) / 2 / 256) * RAMP.length))]!

/** At most so many pixels wide, each the mean of those that it stands for. */
function shrunk(pixels: Pixels, columns: number): Pixels {
  if (pixels.width <= columns) return pixels
  const factor = pixels.width / columns
  const height = Math.max(1, Math.round(pixels.height / factor))
  const rgb = new Uint8Array(3 * columns * height)
  const span = (i: number, limit: number, step: number) => {
    const first = Math.min(limit - 1, Math.floor(i * step))
    return [first, Math.max(first + 1, Math.min(limit, Math.floor((i + 1) * step)))] as const
  }
  for (let y = 0; y < height; y++)
    for (let x = 0; x < columns; x++) {
      const [top, bottom] = span(y, pixels.height, pixels.height / height)
      const [left, right] = span(x, pixels.width, factor)
      const sums = [0, 0, 0]
      for (let v = top; v < bottom; v++)
        for (let u = left; u < right; u++)
          for (let c = 0; c < 3; c++) sums[c]! += pixels.rgb[3 * (v * pixels.width + u) + c]!
      const count = (bottom - top) * (right - left)
      for (let c = 0; c < 3; c++) rgb[3 * (y * columns + x) + c] = Math.round(sums[c]! / count)
    }
  return { width: columns, height, rgb }
}
