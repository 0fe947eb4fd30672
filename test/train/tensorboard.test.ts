import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import t, { type Test } from 'tap'
import { data, manualSeed, memory, nn, optim, rand, tensor, train, visualize } from 'convcore'
import { fixture } from '../fixture.js'
import { settle } from '../garbage.js'
import { eventFiles, recordsOf, type Told, toldIn } from './eventFile.js'
import { makeTrainer, rings } from './toy.js'

function makeFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'convcore-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  return folder
}

const valuesOf = (told: readonly Told[], tag: string): [step: number, value: number | undefined][] =>
  told.filter((each) => each.tag === tag).map(({ step, value }) => [step, value])

const tagsOf = (told: readonly Told[]): string[] => [...new Set(told.map(({ tag }) => tag))].sort()

t.test('records are those of PyTorch, byte for byte', async (t) => {
  const folder = makeFolder(t)
  const program = fileURLToPath(new URL('../programs/summaries.js', import.meta.url))
  execFileSync(process.execPath, [program, folder])
  const { records } = await fixture<{ records: Record<string, string[]> }>('summaries')
  for (const [name, expected] of Object.entries(records)) {
    const inner = join(folder, name.replace('/', '_'))
    const [file, ...others] = eventFiles(inner)
    t.same(others, [])
    t.match(file, /^events\.out\.tfevents\.\d{10}\.[^/]+\.\d+\.0$/)
    const [first, ...rest] = recordsOf(join(inner, file!))
    t.ok(first!.includes('brain.Event:2'))
    t.same(rest.map((record) => record.toString('hex')), expected) // prettier-ignore
  }
})

t.test('a run is told: curves over the steps of the optimizer, hyper-parameters and model', async (t) => {
  const folder = makeFolder(t)
  const board = new train.TensorBoard(folder, { everySteps: 2, hyperparameters: { batchSize: 16, note: 'a|b' } })
  const trainer = makeTrainer()
  const history = await trainer.fit(rings(64), { epochs: 2, batchSize: 16, validation: rings(32), callbacks: [board] })
  const told = toldIn(folder)
  t.same(tagsOf(told), [
    'accuracy/step', 'accuracy/train', 'accuracy/validation', 'epoch', 'hyperparameters/text_summary', 'learningRate',
    'loss/step', 'loss/train', 'loss/validation', 'model/text_summary', 'speed/samplesPerSecond', 'speed/secondsPerEpoch',
  ]) // prettier-ignore
  t.same(valuesOf(told, 'loss/step').map(([step]) => step), [2, 4, 6, 8]) // prettier-ignore
  t.same(valuesOf(told, 'learningRate'), [2, 4, 6, 8].map((step) => [step, Math.fround(0.01)])) // prettier-ignore
  for (const [tag, name] of [['loss/train', 'loss'], ['accuracy/validation', 'validationAccuracy']] as const)
    t.same(valuesOf(told, tag), history.map((record, i) => [4 * (i + 1), Math.fround(record[name]!)])) // prettier-ignore
  const text = (tag: string) => told.find((each) => each.tag === `${tag}/text_summary`)?.text
  t.match(text('hyperparameters'), /^\| name \| value \|\n\| --- \| --- \|\n\| model \| Sequential \|\n/)
  for (const row of ['loss | CrossEntropyLoss', 'optimizer | Adam', 'lr | 0.01', 'batchSize | 16', 'note | a\\|b'])
    t.ok(text('hyperparameters')!.includes(`\n| ${row} |\n`), row)
  t.match(text('model'), /^ {4}Sequential\(\n/)
})

t.test('learning rates are those that the steps took, of each group', async (t) => {
  const folder = makeFolder(t)
  const model = new nn.Sequential(new nn.Linear(2, 4), new nn.Linear(4, 2))
  const groups = [{ params: model.at(0)!.parameters() }, { params: model.at(1)!.parameters(), lr: 1 }]
  const optimizer = new optim.SGD(groups, { lr: 0.5 })
  const scheduler = { scheduler: new optim.lrScheduler.StepLR(optimizer, 1, { gamma: 0.5 }), per: 'step' } as const // prettier-ignore
  const trainer = makeTrainer({ optimizer, scheduler, accumulate: 2 }, model)
  await trainer.fit(rings(64), {
    epochs: 1,
    batchSize: 8,
    callbacks: [new train.TensorBoard(folder, { everySteps: 1 })],
  })
  const told = toldIn(folder)
  t.same(valuesOf(told, 'learningRate/0'), [[1, 0.5], [2, 0.25], [3, 0.125], [4, 0.0625]]) // prettier-ignore
  t.same(valuesOf(told, 'learningRate/1'), [[1, 1], [2, 0.5], [3, 0.25], [4, 0.125]]) // prettier-ignore
  t.equal(valuesOf(told, 'loss/step').length, 4)
})

const makeImageNet = () =>
  new nn.Sequential(
    new nn.Conv2d(1, 4, 5),
    new nn.ReLU(),
    new nn.Dropout(0.5),
    new nn.Flatten(),
    new nn.Linear(2304, 10),
  )

/** A data set whose images draw random numbers. */
function noisy(): train.LabelledImages & { classes: readonly string[] } {
  const digits = data.digits({ count: 8 })
  const get = async (i: number) => {
    const [image, label] = digits.get(i)
    return [image.add(rand(image.shape).mul(0.1)), label] as const
  }
  return { length: 8, get, classes: digits.classes }
}

async function trainImages(callbacks: train.Callback[]): Promise<number> {
  manualSeed(3)
  const model = makeImageNet()
  const trainer = makeTrainer({ capture: true }, model)
  await trainer.fit(data.digits({ count: 60 }), { epochs: 3, batchSize: 20, callbacks })
  t.equal(model.training, true)
  const [weight] = model.parameters()
  return await weight!.sum().item()
}

t.test('samples, feature maps and histograms are shown every so many epochs, and change nothing', async (t) => {
  const folder = makeFolder(t)
  const samples = noisy()
  await settle()
  const before = memory().tensors
  const board = new train.TensorBoard(folder, {
    samples,
    sampleCount: 6,
    featureMaps: ['1'],
    histograms: true,
    everyEpochs: 2,
  })
  const watched = await trainImages([board])
  await settle()
  t.equal(memory().tensors, before, 'nothing is kept')
  t.equal(watched, await trainImages([]), 'the same weights as without')
  const told = toldIn(folder)
  for (const tag of ['samples', 'featureMaps/1', 'weights/0.weight', 'activations/4'])
    t.same(valuesOf(told, tag).map(([step]) => step), [0, 6, 9], tag) // prettier-ignore
  t.equal(told.find(({ tag }) => tag === 'weights/0.weight')!.count, 100)
  t.equal(told.find(({ tag }) => tag === 'activations/4')!.count, 60)
  const { image } = told.find(({ tag }) => tag === 'samples')!
  const { format, width, height } = await sharp(image!.bytes).metadata()
  t.same([format, width, height], ['png', image!.width, image!.height])
})

t.test('a run that is resumed writes a file of its own, from its checkpoint on', async (t) => {
  const [folder, checkpoints] = [makeFolder(t), makeFolder(t)]
  const fit = (epochs: number, resume: boolean) =>
    makeTrainer().fit(rings(64), {
      epochs,
      resume,
      batchSize: 16,
      callbacks: [new train.TensorBoard(folder), new train.Checkpoint(checkpoints)],
    })
  await fit(1, false)
  await fit(2, true)
  t.equal(eventFiles(folder).length, 2)
  const told = toldIn(folder)
  t.same(told.filter(({ tag }) => tag === 'session log 1').map(({ step }) => step), [5]) // prettier-ignore
  t.same(valuesOf(told, 'epoch'), [[4, 1], [8, 2]]) // prettier-ignore
})

t.test('fastDevRun writes nothing, and a run that fails leaves whole records', async (t) => {
  const folder = makeFolder(t)
  const callbacks = [new train.TensorBoard(folder)]
  await makeTrainer().fit(rings(64), { epochs: 1, fastDevRun: true, callbacks })
  t.same(readdirSync(folder), [])
  const fail = { onEpochEnd: () => Promise.reject(new Error('enough')) }
  await t.rejects(makeTrainer().fit(rings(64), { epochs: 2, callbacks: [...callbacks, fail] }), { message: 'enough' })
  t.same(valuesOf(toldIn(folder), 'epoch'), [[1, 1]])
})

t.test('tensors are read as they are at the call, and pictures of all kinds are taken', async (t) => {
  const folder = makeFolder(t)
  const writer = new train.SummaryWriter(folder, { filenameSuffix: '.mine' })
  const x = tensor([1, 2])
  writer.addScalar('sum', x.sum())
  writer.addHistogram('x', x)
  x.dispose()
  writer.addImage('chart', visualize.plot({ series: [{ name: 'a', points: [[0, 1], [1, 2]] }] }), 1) // prettier-ignore
  writer.addImage('grey', rand([4, 6]), 1)
  await writer.flush()
  const told = toldIn(folder)
  t.same(valuesOf(told, 'sum'), [[0, 3]])
  t.same(told.map(({ image }) => image && [image.width, image.height]), [undefined, undefined, [480, 320], [6, 4]]) // prettier-ignore
  t.match(eventFiles(folder)[0], /\.mine$/)
  await writer[Symbol.asyncDispose]()
  t.throws(() => writer.addScalar('a', 1), { message: /expected an open writer, got one that was closed/ })
})

t.test('what is not finite counts in no histogram', async (t) => {
  const folder = makeFolder(t)
  const writer = new train.SummaryWriter(folder)
  writer.addHistogram('some', [NaN, 1, -Infinity, 2])
  writer.addHistogram('none', [NaN])
  writer.addHistogram('vast', [1e30, -1e30])
  await writer.close()
  t.same(toldIn(folder).map(({ tag, count }) => [tag, count ?? 0]), [['some', 2], ['none', 0], ['vast', 2]]) // prettier-ignore
})

t.test('a file that cannot be written is told of at the flush, and from then on', async (t) => {
  const folder = makeFolder(t)
  const path = join(folder, 'file')
  writeFileSync(path, '')
  const writer = new train.SummaryWriter(path)
  writer.addScalar('a', 1)
  await t.rejects(writer.flush(), { code: 'EEXIST' })
  t.throws(() => writer.addScalar('a', 2), { code: 'EEXIST' })
  await t.rejects(writer.close(), { code: 'EEXIST' })
  const trainer = makeTrainer()
  await t.rejects(trainer.fit(rings(64), { epochs: 1, callbacks: [new train.TensorBoard(path)] }), { code: 'EEXIST' })
})

t.test('misuse is explained', async (t) => {
  const folder = join(makeFolder(t), 'never')
  const writer = new train.SummaryWriter(folder)
  const image = rand([3, 4, 4])
  const misuses: [() => void, RegExp][] = [
    [() => writer.addScalar('', 1), /SummaryWriter: expected a tag, got ""/],
    [() => writer.addScalar('a', '1' as never), /addScalar: expected value to be a Tensor, got "1"/],
    [() => writer.addScalar('a', image), /addScalar: expected a tensor of one element, got one of shape \[3, 4, 4\]/],
    [() => writer.addScalar('a', 1, 1.5), /expected step to be an integer ≥ 0, got 1.5/],
    [
      () => writer.addHistogram('a', 'abc' as never),
      /addHistogram: expected a tensor or an array of numbers, got "abc"/,
    ],
    [() => writer.addImage('a', 'a.png' as never), /addImage: expected a tensor or a picture, got "a.png"/],
    [() => writer.addText('a', 1 as never), /addText: expected a text, got 1/],
    [() => new train.SummaryWriter(folder, { purgeStep: -1 }), /expected purgeStep to be an integer ≥ 0, got -1/],
    [() => new train.SummaryWriter(folder, { filenameSuffix: '/a' }), /expected a filenameSuffix without slashes/],
    [
      () => new train.TensorBoard(folder, { everySteps: 0 }),
      /TensorBoard: expected everySteps to be a positive integer/,
    ],
    [() => new train.TensorBoard(folder, { samples: [] as never }), /expected samples to be a data set .*, got \[\]/],
    [() => new train.TensorBoard(folder, { featureMaps: ['0'] }), /expected samples to show feature maps of, got none/],
  ]
  for (const [misuse, message] of misuses) t.throws(misuse, { message })
  const board = new train.TensorBoard(folder, { samples: noisy(), featureMaps: ['nowhere'] })
  await t.rejects(makeTrainer().fit(rings(64), { epochs: 1, callbacks: [board] }), { message: /nowhere/ })
  await writer.close()
  t.notOk(existsSync(folder), 'nothing is written')
})
