import { styleText } from 'node:util'

/** What a table holds; numbers stand to the right. */
export type Cell = string | number

/** Prints a line of results. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** Prints results for programs. */
export const printJson = (value: unknown): void => print(JSON.stringify(value, null, 2))

/** Tells of what goes on, beside the results. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`)
}

/**
 * Prints rows: in aligned columns with their header on a terminal, else with a tab between cells and nothing besides, so that
 * `cut` and `awk` find the columns.
 */
export function printTable(header: readonly string[], rows: readonly (readonly Cell[])[]): void {
  if (!process.stdout.isTTY) for (const row of rows) print(row.map(plain).join('\t'))
  else for (const line of aligned(header, rows)) print(line)
}

/** Names and their values; numbers with five digits. */
export const printPairs = (pairs: readonly (readonly [name: string, value: Cell])[]): void =>
  printTable(
    [],
    pairs.map(([name, value]) => [name, typeof value === 'number' ? String(rounded(value)) : value]),
  )

const rounded = (value: number): number => (Number.isInteger(value) ? value : Number(value.toPrecision(5)))

/** Where standard output shows colours, and NO_COLOR does not forbid them. */
export function coloured(color: 'green' | 'yellow' | 'red', text: string): string {
  return process.stdout.isTTY && process.stdout.hasColors() ? styleText(color, text) : text
}

const plain = (cell: Cell): string => String(cell).replaceAll(/[\t\n\r]+/g, ' ')

// eslint-disable-next-line no-control-regex -- colours take no room
const width = (text: string): number => text.replaceAll(/\x1b\[\d+m/g, '').length

function aligned(header: readonly string[], rows: readonly (readonly Cell[])[]): string[] {
  const lines = header.length > 0 ? [header, ...rows] : rows
  const widths: number[] = []
  for (const line of lines)
    for (const [i, cell] of line.entries()) widths[i] = Math.max(widths[i] ?? 0, width(plain(cell)))
  const right = widths.map((_, i) => rows.every((row) => typeof row[i] === 'number' || row[i] === undefined))
  return lines.map((line) =>
    line
      .map((cell, i) => {
        const gap = ' '.repeat(widths[i]! - width(plain(cell)))
        return right[i] ? gap + plain(cell) : plain(cell) + gap
      })
      .join('  ')
      .trimEnd(),
  )
}
