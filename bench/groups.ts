import { cases } from './cases.js'
import { label, type Line } from './line.js'
import { geometricMean } from './statistics.js'

export interface Group {
  geomean: number
  /** The greatest ratio, and whose it is. */
  worst: number
  worstRow: string
}

/** 3×3, stride 1, at least 32 channels, all of them summed over: where fast algorithms pay. */
const fast3x3 = new Set(
  cases.conv
    .filter(([, , c, , , , r, s, stride, , groups]) => r === 3 && s === 3 && stride === 1 && c >= 32 && groups === 1)
    .map(([name]) => name),
)

const conv = (figure: string) => (line: Line) => line.section === 'conv' && line.figure === figure
const groups: Record<string, (line: Line) => boolean> = {
  train: ({ section }) => section === 'train',
  conv: ({ section }) => section === 'conv',
  'conv forward': conv('forward'),
  'conv backward input': conv('backward input'),
  'conv backward weight': conv('backward weight'),
  'conv 3x3': ({ section, name }) => section === 'conv' && fast3x3.has(name),
  kernel: ({ section }) => section === 'kernel',
  infer: ({ section }) => section === 'infer',
  overhead: ({ section }) => section === 'overhead',
  memory: ({ section }) => section === 'memory',
}

/** Of the groups that have lines. */
export function summarise(lines: readonly Line[]): Record<string, Group> {
  const result: Record<string, Group> = {}
  for (const [name, holds] of Object.entries(groups)) {
    const members = lines.filter(holds)
    if (!members.length) continue
    const worst = members.reduce((a, b) => (b.ratio > a.ratio ? b : a))
    result[name] = {
      geomean: geometricMean(members.map(({ ratio }) => ratio)),
      worst: worst.ratio,
      worstRow: label(worst),
    }
  }
  return result
}
