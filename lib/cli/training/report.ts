import { join } from 'node:path'
import { nn, type train, visualize } from '../../index.js'
import type { Description } from '../description.js'
import { note } from '../output.js'
import type { Settings } from './folder.js'

export interface Trained {
  readonly model: nn.Layer
  readonly description: Description
  readonly history: readonly train.EpochRecord[]
  readonly rates: readonly number[]
  readonly best: train.EpochRecord
  readonly confusion: train.Counts | undefined
  readonly results: Readonly<Record<string, unknown>>
}

/** Writes report.html, where the package that draws its charts is there; says so where it is not. */
export async function writeReport(settings: Settings, trained: Trained): Promise<string | undefined> {
  const { data, model: network, out } = settings
  const { model, description, history, rates, best, confusion, results } = trained
  const path = join(out, 'report.html')
  const options = Object.entries(settings).filter(([, value]) => value !== undefined)
  const report = visualize.report({
    title: `${network} on ${data}`,
    history: [...history],
    ...(rates.length === history.length && { learningRates: rates }),
    mark: { epoch: best.epoch, name: 'best' },
    ...(confusion && confusion.length <= 100 && { confusion, classes: description.classes }),
    summary: nn.summary(model, [description.channels, ...description.size]),
    results,
    settings: Object.fromEntries(options),
  })
  try {
    await report.save(path)
    return path
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    note(`no report.html: ${(error as Error).message}`)
    return undefined
  }
}
