import { join } from 'node:path'
import { type Device, manualSeed, models, nn, train as training } from '../../index.js'
import { UsageError } from '../errors.js'
import type { Given, TrainOptions } from '../commands/train.js'
import { begin, build } from '../build.js'
import { deviceOf } from '../device.js'
import { untilDone } from '../interrupt.js'
import { lossOf, measure } from '../measure.js'
import { type Description, describedIn, saveModel } from '../description.js'
import { networkName, networks } from '../networks.js'
import { note, printJson, printPairs } from '../output.js'
import { statistics } from '../prepare.js'
import { openSet } from '../sets.js'
import { bestOf, KeepBest, SaveWhenInterrupted } from '../training/callbacks.js'
import { settle, type Settings, type Start, beginFolder } from '../training/folder.js'
import { type Images, openImages, prepare } from '../training/images.js'
import { makeOptimizer, makeSchedule, rateOf } from '../training/optimizer.js'
import { writeReport } from '../training/report.js'
import { watching } from '../training/watching.js'
import { modelIn, readWeights, type Weights } from '../weights.js'

/** Trains a network into a folder, and prints how well it does. */
export async function train(options: TrainOptions, given: Given): Promise<void> {
  const start = await settle(options, given)
  const { settings } = start
  const device = deviceOf(settings.device)
  check(settings, device)
  manualSeed(settings.seed)
  const { images, description, model, tuning } = await open(start, device)
  note(
    `${description.network} on ${settings.data}: ${images.counts.training} images to train on, ${images.counts.validation} to validate with, on ${device}`,
  )
  await untilDone((signal) => run(settings, { images, description, model, tuning, device, signal }))
}

/** @throws {UsageError} for options that do not go together */
function check({ amp, pretrained, freeze, labelSmoothing }: Settings, device: Device): void {
  if (amp && !device.startsWith('cuda')) throw new UsageError(`--amp: expected a CUDA device, got ${device}`)
  if (freeze && !pretrained) throw new UsageError('--freeze: expected --pretrained FILE beside it, got none')
  if (labelSmoothing > 1) throw new UsageError(`--label-smoothing: expected a share from 0 to 1, got ${labelSmoothing}`)
}

interface Opened {
  readonly images: Images
  readonly description: Description
  readonly model: nn.Layer
  readonly tuning: models.FineTuning | undefined
}

async function open({ settings, before }: Start, device: Device): Promise<Opened> {
  const network = networkName(settings.model)
  const { root, partial, samples, freeze } = settings
  const weights = settings.pretrained && !before ? await readWeights(settings.pretrained) : undefined
  const set = await openSet(settings.data, { root, partial, samples, device })
  const preparation =
    before ?? (await prepare(set, network, settings, weights && trainedOn(weights, settings, network)))
  const description = { ...preparation, network, classes: set.classes }
  const model = build(network, set.classes.length, preparation.channels)
  if (weights) startFrom(weights, model)
  const tuning = freeze
    ? models.fineTune(model, {
        ...{ numClasses: set.classes.length, lr: rateOf(settings) },
        ...(freeze !== true && { unfreezeAfter: freeze }),
      })
    : undefined
  model.to(device)
  return { images: await openImages(set, preparation, settings), description, model, tuning }
}

/** What images the weights are for: as their file says, else ImageNet's. */
const trainedOn = (weights: Weights, { pretrained }: Settings, network: string) =>
  describedIn(weights.metadata, pretrained!) ?? statistics(networks[network]!.channels)

function startFrom({ state }: Weights, model: nn.Module): void {
  if (begin(model, state)) note('the head is new, for other classes than those of the weights')
  for (const tensor of Object.values(state)) tensor.dispose()
}

interface Running extends Opened {
  readonly device: Device
  readonly signal: AbortSignal
}

async function run(settings: Settings, running: Running): Promise<void> {
  const { images, description, model, tuning, device, signal } = running
  const { out, epochs, checkpointEvery, overwrite = false, patience, resume = false, amp } = settings
  const optimizer = makeOptimizer(tuning?.optimizerGroups() ?? model.parameters(), settings)
  const scheduler = makeSchedule(optimizer, settings, images.training.length!)
  const loss = lossOf(description.network, settings.labelSmoothing)
  const trainer = new training.Trainer(model, {
    ...{ optimizer, loss, device, metrics: [training.accuracy], progress: !settings.quiet },
    ...(scheduler && { scheduler }),
    ...(settings.capture && { capture: true }),
    ...(settings.clipGradNorm !== undefined && { clipGradNorm: settings.clipGradNorm }),
    ...(amp && { autocast: { dtype: amp === true ? 'bfloat16' : amp } }),
  })
  const monitor = new training.LearningRateMonitor(optimizer)
  const checkpoint = new training.Checkpoint(out, {
    overwrite,
    everyEpochs: 1,
    everySteps: checkpointEvery,
    keepLast: 1,
  })
  const save = async (record: training.EpochRecord) => {
    const figures: Partial<training.EpochRecord> = { ...record }
    delete figures.seconds // the same run gives the same file
    await saveModel(modelIn(out), model, description, figures)
  }
  const config = { model: description, images: images.counts }
  const history = await trainer.fit(images.training, {
    epochs,
    validation: images.validation,
    resume,
    callbacks: [
      { onFitStart: () => beginFolder(settings, config) }, // once a run to resume has shown to be of its kind
      ...(tuning ? [tuning] : []),
      ...(patience ? [new training.EarlyStopping({ patience })] : []),
      ...[monitor, new KeepBest(save), new training.CSVLogger(join(out, 'history.csv'))],
      ...(await watching(settings, images, model, description.classes)),
      ...[checkpoint, new SaveWhenInterrupted(signal, checkpoint)],
    ],
  })
  if (signal.aborted && history.length < epochs) {
    note(`saved ${await checkpoint.latest()}; convcore train --resume --out ${out} goes on`)
    throw signal.reason as Error
  }
  await finish(settings, { ...running, history, rates: monitor.rates })
}

interface Finished extends Running {
  readonly history: readonly training.EpochRecord[]
  readonly rates: readonly number[]
}

/** Judges the best epoch's model, and tells. */
async function finish(
  settings: Settings,
  { images, model, description, device, history, rates }: Finished,
): Promise<void> {
  const { out } = settings
  const best = bestOf(history)!
  model.loadStateDict((await readWeights(modelIn(out))).state)
  const { figures, confusion } = await measure(
    model,
    images.test ?? images.validation,
    lossOf(description.network),
    device,
    description.classes.length,
  )
  for (const loader of [images.training, images.validation, images.test]) await loader?.dispose()
  const judged = Object.entries(figures).map(([name, value]) => [
    `${images.test ? 'test' : 'validation'}.${name}`,
    value,
  ])
  const results = {
    epochs: history.length,
    'best epoch': best.epoch,
    ...(images.test && { 'validation.loss': best.validationLoss, 'validation.accuracy': best.validationAccuracy }),
    ...(Object.fromEntries(judged) as Record<string, number>),
    parameters: [...model.parameters()].reduce((sum, { size }) => sum + size, 0),
    seconds: Number(history.reduce((sum, { seconds }) => sum + seconds, 0).toFixed(3)),
    model: modelIn(out),
  }
  const report = await writeReport(settings, { model, description, history, rates, best, confusion, results })
  if (settings.json) printJson({ ...results, ...(report && { report }), history })
  else printPairs(Object.entries({ ...results, ...(report && { report }) }))
}
