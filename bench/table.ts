import type { Group } from './groups.js'
import { type Line } from './line.js'

const UNITS: Record<string, { unit: string; scale: number }> = {
  overhead: { unit: 'µs', scale: 1000 },
  memory: { unit: 'MiB', scale: 1 },
}
const NAME = 36
const right = (text: string, width = 11) => text.padStart(width)

export function heading(section: string): string {
  const { unit } = UNITS[section] ?? { unit: 'ms' }
  const columns = ['convcore', 'PyTorch', 'its best', 'onnxruntime', 'ratio', 'of peak'].map((each) => right(each, 12))
  return `\n${`${section}, ${unit}`.padEnd(NAME)}${columns.join('')}  best with`
}

export function text(line: Line): string {
  const { scale } = UNITS[line.section] ?? { scale: 1 }
  const number = (value: number | undefined) => (value === undefined ? '' : (value * scale).toPrecision(4))
  const share = line.share === undefined ? '' : `${(100 * line.share).toFixed(0)} %`
  const columns = [
    number(line.convcore),
    number(line.torch),
    number(line.torchBest),
    number(line.onnxruntime),
    `${line.steady ? '' : '~'}${line.ratio.toFixed(2)}`,
    share,
  ].map((each) => right(each, 12))
  return `${`${line.name}, ${line.figure}`.padEnd(NAME)}${columns.join('')}  ${line.torchSetting}`
}

export function summary(groups: Record<string, Group>): string {
  const rows = Object.entries(groups).map(
    ([name, { geomean, worst, worstRow }]) =>
      `${name.padEnd(NAME)}${right(geomean.toFixed(2), 12)}${right(worst.toFixed(2), 12)}  ${worstRow}`,
  )
  return [`\n${'ratios'.padEnd(NAME)}${right('geomean', 12)}${right('worst', 12)}`, ...rows].join('\n')
}
