// The performance cases, ours beside PyTorch's in one run: rows alternate, medians of some rounds.
// npm run bench -- [--device cpu|cuda] [--filter REGEX] [--python PATH] [--rounds N] [--budget MS] [--tf32]
//                  [--no-benchmark] [--json FILE]
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { backends, cuda, type Device, info, Scope } from 'convcore'
import { cases } from './cases.js'
import { convolution, type Figures, kernel } from './kernels.js'
import { inference, training } from './models.js'
import { Peer } from './peer.js'
import { median, time } from './timer.js'

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
const device: Device = values.device === 'cuda' ? 'cuda:0' : 'cpu:0'
const [rounds, budget] = [Number(values.rounds), Number(values.budget)]
if (!(rounds >= 1 && budget > 0)) throw new RangeError('bench: expected --rounds and --budget to be positive numbers')
const { tf32, benchmark } = values
const { threads } = info()
cuda.setAllowTF32(tf32)
backends.cuda.benchmark = benchmark

interface Row {
  section: string
  name: string
  row: unknown
  figures: () => Figures
}
const rows: Row[] = [
  ...cases.conv.map((row) => ({ section: 'conv', name: row[0], row, figures: () => convolution(row, device) })),
  ...cases.kernel.map((row) => ({ section: 'kernel', name: row.name, row, figures: () => kernel(row, device) })),
  ...cases.train.map((row) => ({ section: 'train', name: row.name, row, figures: () => training(row, device) })),
  ...cases.infer.map((row) => ({
    section: 'infer',
    name: `${row.name}/${row.batch}`,
    row,
    figures: () => inference(row, device),
  })),
]
const wanted = new RegExp(values.filter)
const chosen = rows.filter(({ section, name }) => wanted.test(`${section}/${name}`))
if (!chosen.length)
  throw new RangeError(
    `bench: expected --filter to match some of ${rows.map((r) => `${r.section}/${r.name}`).join(', ')}`,
  )

async function ours({ figures }: Row): Promise<Record<string, number>> {
  using made = new Scope()
  const result: Record<string, number> = {}
  for (const [figure, run] of Object.entries(made.run(figures))) result[figure] = await time(device, run, budget)
  return result
}

const peer = await Peer.start(values.python, { device: values.device, threads, tf32, benchmark, budget })
const machine = device === 'cpu:0' ? `${cpus()[0]?.model ?? 'CPU'}, ${threads} threads, ${info().isa}` : describeGpu()
const settings =
  device === 'cpu:0'
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
for (const row of chosen) {
  const mine: Record<string, number>[] = []
  const theirs: Record<string, number>[] = []
  for (let round = 0; round < rounds; round++) {
    mine.push(await ours(row))
    if (peer) theirs.push(await peer.time(row.section, row.row))
  }
  for (const figure of Object.keys(mine[0]!)) {
    const of = (results: Record<string, number>[]) => median(results.map((result) => result[figure]!))
    const line = {
      section: row.section,
      name: row.name,
      figure,
      ours: of(mine),
      ...(peer ? { torch: of(theirs) } : {}),
    }
    table.push(line)
    const ratio = line.torch
      ? `${line.torch.toFixed(3).padStart(10)}${(line.ours / line.torch).toFixed(2).padStart(8)}`
      : ''
    console.log(`${`${row.section}/${row.name}, ${figure}`.padEnd(44)}${line.ours.toFixed(3).padStart(10)}${ratio}`)
  }
}
await peer?.stop()

for (const section of new Set(table.map((line) => line.section))) {
  const ratios = table.filter((line) => line.section === section && line.torch).map((line) => line.ours / line.torch!)
  if (!ratios.length) continue
  const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length)
  console.log(`${`${section}: geometric mean of the ratios`.padEnd(64)}${mean.toFixed(2).padStart(8)}`)
}
if (values.json)
  writeFileSync(values.json, `${JSON.stringify({ machine, settings, peer: peer?.version, table }, undefined, 1)}\n`)
