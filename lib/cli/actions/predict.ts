import { buffer } from 'node:stream/consumers'
import { noGrad, scope, type Tensor, vision } from '../../index.js'
import { FormatError } from '../../errors.js'
import { namesFor, readClasses } from '../classes.js'
import type { PredictOptions } from '../commands/predict.js'
import { deviceOf } from '../device.js'
import { lineOf } from '../errors.js'
import { type Model, openModel } from '../modelFile.js'
import { note, printJson, printTable } from '../output.js'
import { transformOf } from '../prepare.js'

interface Answer {
  /** From 1. */
  readonly rank: number
  readonly label: number
  readonly class: string
  readonly probability: number
}

/** Prints what a model says of images. One that cannot be read is told of, and fails the command when the others are done. */
export async function predict(images: readonly string[], options: PredictOptions): Promise<void> {
  const device = deviceOf(options.device)
  const model = await openModel(options.model, options)
  const names = options.classes === undefined ? undefined : await readClasses(options.classes)
  model.module.to(device)
  const results: { image: string; answers: Answer[] }[] = []
  for (const image of images) {
    if (process.stdout.errored) break // nobody reads any more
    try {
      const read = await pixelsOf(image, model)
      const logits = await run(model, read.to(device))
      read.dispose()
      const classes = namesFor(names ?? model.classes, logits.length, options.classes ?? options.model)
      const answers = best(probabilitiesOf(logits), classes, options.top)
      if (options.json) results.push({ image, answers })
      else printAnswers(image, answers)
    } catch (error) {
      if (images.length === 1 || !isOfImage(error, image)) throw error
      note(`convcore: ${lineOf(error)}`)
      process.exitCode = 1
    }
  }
  if (options.json) printJson(results)
}

/** Whether an image is to blame, and others may do. */
const isOfImage = (error: unknown, image: string): boolean =>
  (error as NodeJS.ErrnoException).path === image ||
  (error instanceof FormatError && error.message.startsWith(`${image}:`))

/** [C, H, W] */
async function pixelsOf(image: string, { preparation }: Model): Promise<Tensor> {
  const options = { mode: preparation.channels === 1 ? 'gray' : 'rgb', applyExifOrientation: true } as const
  if (image !== '-') return vision.readImage(image, options)
  return vision.decodeImage(await buffer(process.stdin), { ...options, name: '-' })
}

/** The model's figures for each class. */
async function run({ module, name, preparation }: Model, image: Tensor): Promise<number[]> {
  const output = scope(() => noGrad(() => module.eval()(transformOf(preparation)(image).unsqueeze(0))))
  const values = Array.from(await output.data())
  output.dispose()
  if (values.length > 1 && output.shape[0] === 1) return values
  throw new FormatError(
    `${name}: expected a model that tells classes apart, got an output of shape [${output.shape.join(', ')}]`,
  )
}

/** Models end with probabilities, which add up to 1, or with logits. */
function probabilitiesOf(values: readonly number[]): number[] {
  const sum = values.reduce((total, value) => total + value, 0)
  if (values.every((value) => value >= 0) && Math.abs(sum - 1) < 1e-3) return [...values]
  const most = Math.max(...values)
  const exponentials = values.map((value) => Math.exp(value - most))
  const total = exponentials.reduce((a, b) => a + b, 0)
  return exponentials.map((value) => value / total)
}

function best(probabilities: readonly number[], classes: readonly string[], top: number): Answer[] {
  const order = [...probabilities.keys()].sort((a, b) => probabilities[b]! - probabilities[a]! || a - b)
  return order.slice(0, top).map((label, i) => ({
    rank: i + 1,
    label,
    class: classes[label]!,
    probability: Number(probabilities[label]!.toPrecision(6)),
  }))
}

function printAnswers(image: string, answers: readonly Answer[]): void {
  printTable(
    [],
    answers.map(({ rank, class: name, probability }) => [image, rank, name, probability.toFixed(4)]),
  )
}
