import type { Panel } from './plot.js'

const ROWS = 12
const GLYPHS = '•o×+*#'

/** A panel in characters: each series has a sign of its own, later ones lie on top. */
export function plotText({ title, subtitle, xName, series, marks = [], yRange }: Panel, columns: number): string {
  const points = series.flatMap((each) => each.points).filter((point) => point.every(Number.isFinite))
  const heading = [title, subtitle]
    .filter(Boolean)
    .map((line) => `${line}\n`)
    .join('')
  if (!points.length) return `${heading}(no points)\n`
  const [left, right] = extent(points.map(([x]) => x))
  const [low, high] = yRange ?? extent(points.map(([, y]) => y))
  const ends = [label(high), label(low)]
  const margin = Math.max(...ends.map((end) => end.length))
  const width = Math.max(8, columns - margin - 2)
  const cells = Array.from({ length: ROWS }, () => new Array<string>(width).fill(' '))
  const column = (x: number) => place(x, left, right, width)
  for (const { x } of marks) if (x >= left && x <= right) for (const row of cells) row[column(x)] = '┊'
  series.forEach((each, i) => {
    for (const [x, y] of each.points) {
      if (!Number.isFinite(y) || y < low || y > high) continue
      const row = place(y, high, low, ROWS)
      for (let r = row; r <= (each.kind === 'bars' ? ROWS - 1 : row); r++) cells[r]![column(x)] = glyph(i)
    }
  })
  const lines = cells.map((row, i) => {
    const end = i === 0 ? ends[0]! : i === ROWS - 1 ? ends[1]! : ''
    return `${end.padStart(margin)} ┤${row.join('')}`.trimEnd()
  })
  const [first, last] = [label(left), label(right)]
  const middle = Math.floor((width + (xName?.length ?? 0)) / 2) - first.length
  const axis = `${first}${(xName ?? '').padStart(middle).padEnd(width - first.length - last.length)}${last}`
  const legend = series.map(({ name }, i) => `${glyph(i)} ${name}`).concat(marks.map(({ name }) => `┊ ${name}`))
  return `${heading}${lines.join('\n')}\n${' '.repeat(margin + 2)}${axis}\n${' '.repeat(margin + 2)}${legend.join('   ')}\n`
}

const glyph = (i: number): string => GLYPHS[i % GLYPHS.length]!

const label = (value: number): string => String(Number(value.toPrecision(3)))

/** The least and the greatest of values, which may be too many for arguments of one call. */
export const extent = (values: readonly number[]): [least: number, greatest: number] => [
  values.reduce((a, b) => Math.min(a, b), Infinity),
  values.reduce((a, b) => Math.max(a, b), -Infinity),
]

/** The cell of so many in which a value between two ends lies. */
const place = (value: number, from: number, to: number, cells: number): number =>
  from === to ? Math.floor(cells / 2) : Math.round(((value - from) / (to - from)) * (cells - 1))
