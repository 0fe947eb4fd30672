import { data, type train } from '../../index.js'
import { FormatError } from '../../errors.js'
import { namesFor, readClasses } from '../classes.js'
import type { EvalOptions } from '../commands/eval.js'
import { deviceOf } from '../device.js'
import { UsageError } from '../errors.js'
import { lossOf, measure } from '../measure.js'
import { openModel } from '../modelFile.js'
import { type Cell, note, print, printJson, printPairs, printTable } from '../output.js'
import type { Batch, Sample } from '../parts.js'
import { openSet } from '../sets.js'
import { loading } from '../training/images.js'

/** Prints how well a model does on labelled images. */
export async function evaluate(options: EvalOptions): Promise<void> {
  const { root, partial, samples, batchSize, workers } = options
  const device = deviceOf(options.device)
  const model = await openModel(options.model, options)
  model.module.eval().to(device)
  const set = await openSet(options.data, { root, partial, samples, device })
  const split = options.split ?? (set.splits.includes('test') ? 'test' : 'train')
  if (!set.splits.includes(split))
    throw new UsageError(`--split: expected ${set.splits.join(' or ')} of ${set.name}, got ${split}`)
  const named = options.classes === undefined ? model.classes : await readClasses(options.classes)
  const labels = labelsFor(set.classes, named, options.model)
  const part = await set.open(split)
  const all = new data.Subset<Sample, Batch>(await part.prepared(model.preparation, [], labels), part.indices)
  const images = new data.DataLoader(all, { batchSize, ...loading(part, workers) })
  const started = performance.now()
  const loss = lossOf(model.description?.network)
  const { figures, confusion = [] } = await measure(
    model.module,
    images,
    loss,
    device,
    named?.length ?? set.classes.length,
  )
  const seconds = (performance.now() - started) / 1000
  await images.dispose()
  const classes = namesFor(
    named ?? (set.classes.length === confusion.length ? set.classes : undefined),
    confusion.length,
    options.model,
  )
  const results = { images: part.indices.length - images.skipped.size, ...figures, seconds: Number(seconds.toFixed(3)) }
  if (options.json) {
    printJson({
      ...results,
      perClass: scoresOf(confusion, classes),
      ...(options.confusion && { classes, confusion }),
    })
    return
  }
  printPairs(Object.entries(results))
  if (options.perClass) printScores(scoresOf(confusion, classes))
  if (options.confusion) printConfusion(confusion, classes)
}

/** The model's label of each of the set's classes; undefined where they are the same. */
function labelsFor(
  classes: readonly string[],
  known: readonly string[] | undefined,
  model: string,
): Int32Array | undefined {
  if (!known || String(known) === String(classes)) return undefined
  const labels = Int32Array.from(classes, (name) => known.indexOf(name))
  if (!labels.includes(-1)) return labels
  if (known.length !== classes.length)
    throw new FormatError(
      `${model}: expected a model that knows the classes ${classes.join(', ')}, got one of ${known.slice(0, 20).join(', ')}`,
    )
  note(`classes go by their numbers, since the model calls them ${known.slice(0, 20).join(', ')}`)
  return undefined
}

interface Score {
  readonly class: string
  readonly images: number
  readonly precision: number
  readonly recall: number
  readonly f1: number
}

function scoresOf(confusion: train.Counts, classes: readonly string[]): Score[] {
  return confusion.map((row, c) => {
    const found = row[c]!
    const images = row.reduce((a, b) => a + b, 0)
    const answers = confusion.reduce((total, other) => total + other[c]!, 0)
    const ratio = (whole: number) => (whole === 0 ? 0 : Number((found / whole).toFixed(5)))
    return {
      class: classes[c]!,
      images,
      precision: ratio(answers),
      recall: ratio(images),
      f1: ratio((answers + images) / 2),
    }
  })
}

function printScores(scores: readonly Score[]): void {
  printPart(
    'class',
    ['Class', 'Images', 'Precision', 'Recall', 'F1'],
    scores.map((score) => [
      score.class,
      score.images,
      score.precision.toFixed(4),
      score.recall.toFixed(4),
      score.f1.toFixed(4),
    ]),
  )
}

function printConfusion(confusion: train.Counts, classes: readonly string[]): void {
  printPart(
    'confusion',
    ['', ...classes],
    confusion.map((row, c) => [classes[c]!, ...row]),
  )
}

/** A table under others: apart from them on a terminal, else with its name in front of each line. */
function printPart(name: string, header: readonly string[], rows: readonly (readonly Cell[])[]): void {
  if (process.stdout.isTTY) print('')
  printTable(header, process.stdout.isTTY ? rows : rows.map((row) => [name, ...row]))
}
