// Whether odd sizes fall off a cliff: the time per multiply-add of each convolution of cases.json with a side, the channels or the
// filters one more or one less, against that of its own sizes: npm run bench:odd -- [--filter REGEX] [--rounds N] [--budget MS]
import { parseArgs } from 'node:util'
import { operations } from './arithmetic.js'
import { cases, type ConvRow } from './cases.js'
import { convolution } from './kernels.js'
import { ours } from './ours.js'
import type { Row } from './rows.js'

const { values } = parseArgs({
  options: {
    filter: { type: 'string', default: '.' },
    rounds: { type: 'string', default: '3' },
    budget: { type: 'string', default: '50' },
  },
})
const [filter, rounds, budget] = [new RegExp(values.filter), Number(values.rounds), Number(values.budget)]
if (!(rounds >= 1 && budget > 0)) throw new RangeError('bench: expected --rounds and --budget to be positive numbers')

/** Neighbours of a row by how they are called. Groups stay one for each channel where they were. */
function neighbours([name, n, c, h, w, k, r, s, stride, padding, groups]: ConvRow): Record<string, ConvRow> {
  const of = (c: number, h: number, w: number, k: number): ConvRow => [
    name,
    n,
    c,
    h,
    w,
    k,
    r,
    s,
    stride,
    padding,
    groups > 1 ? c : 1,
  ]
  const found: Record<string, ConvRow> = {}
  for (const by of [1, -1]) {
    const sign = by > 0 ? '+ 1' : '− 1'
    found[`sides ${sign}`] = of(c, h + by, w + by, k)
    if (c + by > 0) found[`channels ${sign}`] = of(c + by, h, w, groups > 1 ? k + by : k)
    if (groups === 1) found[`filters ${sign}`] = of(c, h, w, k + by)
  }
  return found
}

/** Milliseconds per operation, by figure. */
async function pace(row: ConvRow): Promise<Record<string, number>> {
  const timed: Row = { section: 'conv', name: row[0], row, figures: (device) => convolution(row, device) }
  const times = await ours(timed, 'cpu:0', budget)
  return Object.fromEntries(Object.entries(times).map(([figure, time]) => [figure, time / operations(timed, figure)!]))
}

/** The fastest of some rounds of each, which alternate: others on the machine make them slower alone. */
async function fastest(rows: Record<string, ConvRow>): Promise<Record<string, Record<string, number>>> {
  const best: Record<string, Record<string, number>> = {}
  for (let round = 0; round < rounds; round++)
    for (const [name, row] of Object.entries(rows))
      for (const [figure, time] of Object.entries(await pace(row))) {
        const known = (best[name] ??= {})
        known[figure] = Math.min(time, known[figure] ?? Infinity)
      }
  return best
}

let worst = { ratio: 0, of: '' }
for (const row of cases.conv.filter(([name]) => filter.test(name))) {
  const { round, ...odd } = await fastest({ round: row, ...neighbours(row) })
  for (const [change, times] of Object.entries(odd)) {
    const ratios = Object.entries(times).map(([figure, time]) => ({ figure, ratio: time / round![figure]! }))
    for (const { figure, ratio } of ratios)
      if (ratio > worst.ratio) worst = { ratio, of: `${row[0]}, ${change}, ${figure}` }
    const shown = ratios.map(({ figure, ratio }) => `${figure} ${ratio.toFixed(2)}`)
    console.log(`${row[0].padEnd(16)}${change.padEnd(14)}${shown.join('  ')}`)
  }
}
console.log(`worst: ${worst.ratio.toFixed(2)}, ${worst.of}`)
