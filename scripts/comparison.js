// Writes the tables of README.md and docs/comparing.md from bench/results/*.json. `--check` only compares.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'

const root = new URL('../', import.meta.url)
const results = new URL('bench/results/', root)
const pages = ['README.md', 'docs/comparing.md']

const SECTIONS = {
  train: { title: 'training, one step', unit: 'ms', scale: 1 },
  infer: { title: 'inference, one call', unit: 'ms', scale: 1 },
  conv: { title: 'convolutions, forward and backward', unit: 'ms', scale: 1 },
  kernel: { title: 'matrix products, pooling, batch norm and others', unit: 'ms', scale: 1 },
  overhead: { title: 'tiny ops, where the call is what costs', unit: 'µs', scale: 1000 },
  memory: { title: 'peak memory of a process that trains', unit: 'MiB', scale: 1 },
}

const runs = readdirSync(results)
  .filter((file) => file.endsWith('.json'))
  .sort()
  .map((file) => JSON.parse(readFileSync(new URL(file, results), 'utf8')))
const lines = runs.flatMap((run) => run.lines)
const of = (section) => lines.filter((line) => line.section === section)

const unknown = lines.find(({ section }) => !(section in SECTIONS))
if (unknown) throw new Error(`bench/results: the section ${unknown.section} has no table`)
const keys = lines.map(({ section, name, figure }) => `${section}/${name}, ${figure}`)
const twice = keys.find((key, i) => keys.indexOf(key) !== i)
if (twice) throw new Error(`bench/results: two files have the row ${twice}`)

/** A table of Markdown as prettier aligns it; `columns` end in ':' where numbers stand. */
function table(columns, rows) {
  const heads = columns.map((column) => column.replace(/:$/, ''))
  const widths = heads.map((head, i) => Math.max(3, head.length, ...rows.map((row) => row[i].length)))
  const right = columns.map((column) => column.endsWith(':'))
  const show = (cells) =>
    `| ${cells.map((cell, i) => (right[i] ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join(' | ')} |`
  const rule = `| ${widths.map((width, i) => (right[i] ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width))).join(' | ')} |`
  return [show(heads), rule, ...rows.map(show)].join('\n')
}

const label = ({ name, figure, section }) =>
  figure === 'step' || figure === 'call' || section === 'memory' ? name : `${name}, ${figure}`
const ratio = ({ ratio, steady }) => `${steady ? '' : '~'}${ratio.toFixed(2)}`

function summary() {
  const rows = Object.entries(SECTIONS).flatMap(([section, { title }]) => {
    const all = of(section)
    if (!all.length) return []
    const mean = Math.exp(all.reduce((sum, line) => sum + Math.log(line.ratio), 0) / all.length)
    const worst = all.reduce((a, b) => (b.ratio > a.ratio ? b : a))
    const slower = all.filter(({ ratio }) => ratio > 1).length
    return [[title, `${all.length}`, mean.toFixed(2), `${slower}`, `${ratio(worst)} (${label(worst)})`]]
  })
  return table(['convcore ÷ the best peer', 'rows:', 'geometric mean:', 'rows above 1:', 'worst row'], rows)
}

function details(section) {
  const { unit, scale } = SECTIONS[section]
  const number = (value) => (value === undefined ? '' : Number((value * scale).toPrecision(4)).toString())
  const onnx = of(section).some(({ onnxruntime }) => onnxruntime !== undefined)
  const rows = of(section).map((line) => [
    label(line),
    number(line.convcore),
    number(line.torch),
    number(line.torchBest),
    line.torchSetting,
    ...(onnx ? [number(line.onnxruntime)] : []),
    ratio(line),
  ])
  const columns = ['PyTorch:', 'its best:', 'with', ...(onnx ? ['onnxruntime-node:'] : []), 'ratio:']
  return table([unit, 'convcore:', ...columns], rows)
}

function machine() {
  const machines = [...new Set(runs.map((run) => run.machine))]
  const versions = Object.assign({}, ...runs.map((run) => run.versions))
  const names = { node: 'Node.js', torch: 'PyTorch', onnxruntimeNode: 'onnxruntime-node' }
  const list = Object.entries(versions).map(([name, version]) => `${names[name]} ${version.replace(/^v/, '')}`)
  return `${machines.join('; ')}. ${list.join(', ')}.`
}

/** How often each section was measured. */
function rounds() {
  const of = (section) => runs.find(({ lines }) => lines.some((line) => line.section === section))?.rounds
  const counts = Object.keys(SECTIONS)
    .filter(of)
    .map((section) => `${section} ${of(section)}`)
  return `Rounds: ${counts.join(', ')}.`
}

/** What stands between `<!-- bench: NAME -->` and `<!-- end -->`. */
function content(name) {
  if (name === 'summary') return summary()
  if (name === 'machine') return machine()
  if (name === 'rounds') return rounds()
  if (name in SECTIONS) return details(name)
  throw new Error(`no such table: ${name}`)
}

const render = (text) =>
  text.replace(
    /(<!-- bench: (\w+) -->\n).*?(<!-- end -->)/gs,
    (_, start, name, end) => `${start}\n${content(name)}\n\n${end}`,
  )

const check = process.argv.includes('--check')
for (const page of pages) {
  const url = new URL(page, root)
  const text = readFileSync(url, 'utf8')
  if (render(text) === text) continue
  if (check) {
    console.error(`${page} is stale: run npm run docs:comparison`)
    process.exitCode = 1
  } else {
    writeFileSync(url, render(text))
  }
}
