import { describe } from '../errors.js'
import { writeAtomically } from '../io/atomic.js'
import type { Summary } from '../nn/summary.js'
import type { Counts } from '../train/confusion.js'
import { type EpochRecord, figuresOf } from '../train/records.js'
import { confusion } from './confusion.js'
import { curves, type CurvesOptions } from './curves.js'
import { escape } from './escape.js'
import { Picture } from './picture.js'

/** Options of {@link report}. */
export interface ReportOptions extends Pick<CurvesOptions, 'figures' | 'learningRates' | 'mark'> {
  /** Of the page. */
  title: string
  /** What `trainer.fit` gave: shown as curves and as a table. */
  history?: readonly EpochRecord[]
  /** `latest` of a `train.confusionMatrix`. */
  confusion?: Counts
  /** The classes' names, for the confusion matrix. */
  classes?: readonly string[]
  /** Of the model: `nn.summary(model, shape)`, or its print-out. */
  summary?: Summary | string
  /** Figures of the run: accuracy on the test set, seconds and so on. */
  results?: Readonly<Record<string, unknown>>
  /** What the run was made with: learning rate, seed and so on. */
  settings?: Readonly<Record<string, unknown>>
  /** More, under their titles: samples, filters, feature maps. */
  pictures?: Readonly<Record<string, Picture>>
}

/** A page about a run in one file that loads nothing from anywhere. */
export class Report {
  constructor(private readonly options: ReportOptions) {}

  /** The page. */
  async html(): Promise<string> {
    const { title, history = [], confusion: counts, classes, summary, results, settings, pictures = {} } = this.options
    const drawn: [string, Picture][] = Object.entries(pictures)
    if (counts) drawn.unshift(['Confusion matrix', confusion(counts, { classes })])
    const sections = [
      results && section('Results', pairs(results)),
      settings && section('Settings', pairs(settings)),
      history.length > 0 && section('Curves', `<div class="row">${await panels(history, this.options)}</div>`),
      ...(await Promise.all(drawn.map(async ([name, picture]) => section(name, await figure(name, picture))))),
      history.length > 0 && section('Epochs', records(history)),
      summary !== undefined && section('Model', `<pre>${escape(String(summary))}</pre>`),
    ]
    return page(title, sections.filter(Boolean).join('\n'))
  }

  /** Writes the page; it appears as a whole or not at all. */
  async save(path: string): Promise<void> {
    const html = await this.html()
    await writeAtomically(path, (file) => file.writeFile(html))
  }
}

/**
 * A page about a run: its figures and settings, curves, confusion matrix, samples and model.
 *
 * ```ts
 * await visualize.report({ title: 'Digits', history, confusion: matrix.latest, summary }).save('runs/digits.html')
 * ```
 *
 * @throws {TypeError} when it has no title, or pictures are none
 */
export function report(options: ReportOptions): Report {
  if (typeof (options as Partial<ReportOptions> | undefined)?.title !== 'string')
    throw new TypeError(
      `report: expected a title, got ${describe((options as Partial<ReportOptions> | undefined)?.title)}`,
    )
  for (const [name, picture] of Object.entries(options.pictures ?? {}))
    if (!(picture instanceof Picture))
      throw new TypeError(`report: expected '${name}' to be a picture, got ${describe(picture)}`)
  return new Report(options)
}

const section = (name: string, content: string): string => `<section><h2>${escape(name)}</h2>\n${content}</section>`

/** Drawn in a document of its own, whose names meet nobody else's. */
async function figure(name: string, picture: Picture): Promise<string> {
  const svg = Buffer.from(await picture.svg()).toString('base64')
  const { width, height } = picture
  return `<img alt="${escape(name)}" width="${width}" height="${height}" src="data:image/svg+xml;base64,${svg}">`
}

/** The curves of each figure in a picture of their own, so that they stand as many in a row as there is room for. */
async function panels(history: readonly EpochRecord[], options: ReportOptions): Promise<string> {
  const { figures = figuresOf(history), learningRates, mark } = options
  const drawn = figures.map((name) => figure(`Curves: ${name}`, curves(history, { figures: [name], mark })))
  if (learningRates) drawn.push(figure('Learning rate', curves(history, { figures: [], learningRates, mark })))
  return (await Promise.all(drawn)).join('\n')
}

const row = (cells: readonly string[], tag: 'td' | 'th' = 'td'): string =>
  `<tr>${cells.map((cell) => `<${tag}>${escape(cell)}</${tag}>`).join('')}</tr>`

const pairs = (values: Readonly<Record<string, unknown>>): string =>
  `<table>${Object.entries(values)
    .map(([name, value]) => row([name, show(value)]))
    .join('')}</table>`

function records(history: readonly EpochRecord[]): string {
  const names = [...new Set(history.flatMap((record) => Object.keys(record)))]
  const rows = history.map((record) => row(names.map((name) => (record[name] === undefined ? '' : show(record[name])))))
  return `<table class="figures">${row(names, 'th')}${rows.join('')}</table>`
}

function show(value: unknown): string {
  if (typeof value === 'number') return String(Number(value.toPrecision(5)))
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value))
}

const STYLE = `:root{color-scheme:light dark;--page:#fff;--ink:#222;--rule:#ddd}
@media(prefers-color-scheme:dark){:root{--page:#16191d;--ink:#dde1e6;--rule:#3a4048}}
body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--page);max-width:1040px;margin:2rem auto;padding:0 1rem}
h1,td+td{overflow-wrap:anywhere}h1{font-size:1.6rem}h2{font-size:1.15rem;margin-top:2rem;border-bottom:1px solid var(--rule)}
table{border-collapse:collapse}td,th{padding:.2rem 1rem .2rem 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--rule)}
.figures td,.figures th{text-align:right;font-variant-numeric:tabular-nums;overflow-wrap:normal}
section{overflow-x:auto}img{max-width:100%;height:auto;border-radius:6px}.row{display:flex;flex-wrap:wrap;gap:1rem}
pre{font-size:13px;line-height:1.35}`

const page = (title: string, content: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escape(title)}</h1>
${content}
</body>
</html>
`
