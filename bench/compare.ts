// convcore against PyTorch and onnxruntime-node on the CPU, all of cases.json, overhead and memory: programs alternate row by
// row, between probes of the machine's peak; medians of some rounds. Linux, as peaks of memory are read from /proc.
// npm run bench:compare -- [--python PATH] [--ort FOLDER] [--filter REGEX] [--rounds N] [--budget MS] [--quick] [--json FILE]
//   --quick: one short round, not repeated, and memory with PyTorch as it comes alone: to try the program, not to measure
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { info } from 'convcore'
import { operations } from './arithmetic.js'
import { cases } from './cases.js'
import { summarise } from './groups.js'
import { label, line, type Line } from './line.js'
import { memory } from './memory.js'
import { startOnnx } from './onnx.js'
import { Peak, type Round } from './peak.js'
import type { Timings } from './peer.js'
import { alternate, type Peers } from './programs.js'
import { startTorch, tunedMalloc } from './pytorch.js'
import { type Row, rowNames, rowsLike } from './rows.js'
import { median } from './statistics.js'
import { heading, summary, text } from './table.js'

const { values } = parseArgs({
  options: {
    python: { type: 'string', default: 'python3' },
    ort: { type: 'string' },
    filter: { type: 'string', default: '.' },
    rounds: { type: 'string' },
    budget: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
})
const REPEATS = 3 // of a round in which the machine gave less
const { python, ort, quick } = values
const rounds = Number(values.rounds ?? (quick ? 1 : 3))
const budget = Number(values.budget ?? (quick ? 20 : 200))
if (!(rounds >= 1 && budget > 0)) throw new RangeError('bench: expected --rounds and --budget to be positive numbers')
const { threads, isa } = info()
const filter = new RegExp(values.filter)
const rows = rowsLike(filter)
const networks = cases.train.filter(({ name }) => filter.test(`memory/${name}`))
if (!rows.length && !networks.length)
  throw new RangeError(`bench: expected --filter to match some of ${rowNames()} or memory/NETWORK`)

const models = mkdtempSync(join(tmpdir(), 'convcore-onnx-'))
process.once('exit', () => rmSync(models, { recursive: true }))
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
const lines: Line[] = []
function note(next: Line): void {
  if (lines.at(-1)?.section !== next.section) console.log(heading(next.section))
  lines.push(next)
  console.log(text(next))
}

async function startPeers(): Promise<Peers> {
  const options = { device: 'cpu', threads, budget } as const
  const torch = await startTorch(python, options)
  const tuned = await startTorch(python, options, tunedMalloc)
  if (!torch || !tuned) throw new Error(`bench: expected --python to name a Python that has torch, got ${python}`)
  const inference = rows.some(({ section }) => section === 'infer')
  const onnx = ort && inference ? await startOnnx({ ort, python, models, threads, budget }) : undefined
  if (inference && !onnx) console.log(`no onnxruntime-node in --ort ${ort ?? 'FOLDER'}: left out`)
  return { torch, tuned, onnx }
}

async function compareRow(row: Row, peers: Peers, peak: Peak): Promise<void> {
  const made: Round<Timings>[] = []
  for (let i = 0; i < rounds; i++) made.push(await peak.round(() => alternate(row, peers, budget)))
  const steady = made.every((round) => round.steady)
  const gflops = median(made.map((round) => round.peak))
  for (const [figure, programs] of Object.entries(made[0]!.result)) {
    const of = (program: string) => median(made.map(({ result }) => result[figure]![program]!))
    const medians = Object.fromEntries(Object.keys(programs).map((program) => [program, of(program)]))
    const count = operations(row, figure)
    const share = count === undefined ? {} : { share: count / (medians.convcore! * 1e6 * gflops) }
    note(line({ section: row.section, name: row.name, figure, steady, ...share }, medians))
  }
}

const peers = await startPeers()
const machine = `${cpus()[0]?.model ?? 'CPU'}, ${threads} threads, ${isa}`
const versions = { node: process.version, torch: peers.torch.version, onnxruntimeNode: peers.onnx?.version }
console.log(
  `convcore on ${machine}, Node ${versions.node}; PyTorch ${versions.torch}, onnxruntime-node ${versions.onnxruntimeNode ?? 'absent'}`,
)
console.log(
  'PyTorch: NCHW and malloc as they come; its best: of NCHW and NHWC, each with malloc as it comes and tuned.',
)
console.log(
  'ratio: convcore by the best peer; of peak: of the product of 1024 × 1024 matrices in PyTorch beside the row.',
)
const peak = new Peak(async () => (await peers.torch.ask('peak')) as number, quick ? 0 : REPEATS)
for (const row of rows) await compareRow(row, peers, peak)
for (const peer of [peers.torch, peers.tuned, peers.onnx]) await peer?.stop()
for (const network of networks) note(memory(python, network, quick))

const groups = summarise(lines)
console.log(summary(groups))
const probe = peak.range()
if (probe) {
  const { median, lowest, highest } = probe
  const unsteady = lines.filter(({ steady }) => !steady).length
  console.log(
    `\npeak: ${median.toFixed(0)} GFLOP/s (${lowest.toFixed(0)} to ${highest.toFixed(0)}); ${peak.repeated} rounds were repeated, ${unsteady} figures (~) had less than 90 % of it beside them`,
  )
}
if (values.json) {
  const ratios = Object.fromEntries(lines.map((each) => [label(each), each.ratio]))
  const report = { machine, versions, rounds, budget, peak: probe, repeated: peak.repeated, groups, ratios, lines }
  writeFileSync(values.json, `${JSON.stringify(report, undefined, 1)}\n`)
}
