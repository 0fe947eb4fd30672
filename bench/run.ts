// A quick look at the performance cases, ours beside PyTorch's in one run: rows alternate, medians of some rounds.
// npm run bench -- [--device cpu|cuda] [--filter REGEX] [--python PATH] [--rounds N] [--budget MS] [--tf32]
//                  [--no-benchmark] [--json FILE]
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { backends, cuda, type Device, info } from 'convcore'
import { ours } from './ours.js'
import { startTorch } from './pytorch.js'
import { rowNames, rowsLike } from './rows.js'
import { geometricMean, median } from './statistics.js'

const { values } = parseArgs({
  allowNegative: true,
  options: {
    device: { type: 'string', default: 'cpu' },
    filter: { type: 'string', default: '.' },
    python: { type: 'string', default: 'python3' },
    rounds: { type: 'string', default: '3' },
    budget: { type: 'string', default: '200' },
    tf32: { type: 'boolean', default: false },
    benchmark: { type: 'boolean', default: true },
    json: { type: 'string' },
  },
})
const kind = values.device === 'cuda' ? 'cuda' : 'cpu'
const device: Device = `${kind}:0`
const [rounds, budget] = [Number(values.rounds), Number(values.budget)]
if (!(rounds >= 1 && budget > 0)) throw new RangeError('bench: expected --rounds and --budget to be positive numbers')
const { tf32, benchmark } = values
const { threads } = info()
cuda.setAllowTF32(tf32)
backends.cuda.benchmark = benchmark

const rows = rowsLike(new RegExp(values.filter))
if (!rows.length) throw new RangeError(`bench: expected --filter to match some of ${rowNames()}`)

const peer = await startTorch(values.python, { device: kind, threads, tf32, benchmark, budget })
const machine = kind === 'cpu' ? `${cpus()[0]?.model ?? 'CPU'}, ${threads} threads, ${info().isa}` : describeGpu()
const settings =
  kind === 'cpu'
    ? 'PyTorch in the better of both layouts'
    : `channels last, TF32 ${tf32 ? 'on' : 'off'}, benchmark ${benchmark ? 'on' : 'off'}`
console.log(`convcore on ${machine}; ${peer ? `PyTorch ${peer.version}` : 'no PyTorch here'}; ${settings}`)
console.log(
  `${'milliseconds'.padEnd(44)}${'convcore'.padStart(10)}${peer ? `${'PyTorch'.padStart(10)}${'ratio'.padStart(8)}` : ''}`,
)

function describeGpu(): string {
  const { name, driver, libraries } = cuda.properties(device)
  return [name, `driver for CUDA ${driver}`, ...libraries.map((l) => `${l.name} ${l.version ?? 'absent'}`)].join(', ')
}

const table: { section: string; name: string; figure: string; ours: number; torch?: number }[] = []
for (const row of rows) {
  const { section, name } = row
  const mine: Record<string, number>[] = []
  const theirs: Record<string, number>[] = []
  for (let round = 0; round < rounds; round++) {
    mine.push(await ours(row, device, budget))
    if (!peer) continue
    const timings = Object.entries(await peer.time(section, row.row))
    theirs.push(Object.fromEntries(timings.map(([figure, times]) => [figure, Math.min(...Object.values(times))])))
  }
  for (const figure of Object.keys(mine[0]!)) {
    const of = (results: Record<string, number>[]) => median(results.map((result) => result[figure]!))
    const line = { section, name, figure, ours: of(mine), ...(peer ? { torch: of(theirs) } : {}) }
    table.push(line)
    const ratio = line.torch
      ? `${line.torch.toPrecision(4).padStart(10)}${(line.ours / line.torch).toFixed(2).padStart(8)}`
      : ''
    console.log(`${`${section}/${name}, ${figure}`.padEnd(44)}${line.ours.toPrecision(4).padStart(10)}${ratio}`)
  }
}
await peer?.stop()

for (const section of new Set(table.map((line) => line.section))) {
  const ratios = table.filter((line) => line.section === section && line.torch).map((line) => line.ours / line.torch!)
  if (!ratios.length) continue
  const mean = geometricMean(ratios).toFixed(2)
  console.log(`${`${section}: geometric mean of the ratios`.padEnd(64)}${mean.padStart(8)}`)
}
if (values.json)
  writeFileSync(values.json, `${JSON.stringify({ machine, settings, peer: peer?.version, table }, undefined, 1)}\n`)
