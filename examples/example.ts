import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { data, DownloadError, type DeviceLike, type nn, type visualize } from 'convcore'

export interface Options {
  epochs: number
  seed: number
  /** Folder with the data sets: `<data>/mnist/train-images-idx3-ubyte.gz` and so on. */
  data?: string
  device: DeviceLike
  /** How many images of each split to take at most; default: all. */
  samples?: number
  /** How a network is written, where an example shows several ways. */
  style?: string
  /** Folder for pictures; without one they are shown in the terminal. */
  pictures?: string
}

/** What a run ends with; `--json` writes it. */
export interface Figures {
  seconds: number
  [figure: string]: unknown
}

export interface Trained extends Figures {
  testAccuracy: number
  parameters: number
  /** SHA-256 of all parameters and buffers: two runs with one seed end with the same. */
  weights: string
}

/** A row of the lectures that a program shows: see docs/lectures.md. */
export interface Row {
  row: string
  /** What must hold. */
  required: string
  /** Options that the run needs besides the defaults. */
  args?: readonly string[]
  /** What a run's figures say of it, and whether that holds. */
  judge: (figures: Figures) => { figure: string; held: boolean }
}

/** A row that asks for a share of right answers on the test set, and for a number of parameters where one is given. */
export const atLeast = (
  row: string,
  share: number,
  { parameters, args }: { parameters?: number; args?: readonly string[] } = {},
): Row => ({
  row,
  required: [
    parameters && `${parameters.toLocaleString('en')} parameters`,
    `test accuracy ≥ ${Number((100 * share).toFixed(2))} %`,
  ]
    .filter(Boolean)
    .join(', '),
  args,
  judge: (figures) => {
    const { testAccuracy, parameters: count } = figures as Trained
    return {
      figure: `${count.toLocaleString('en')} parameters, test accuracy ${percent(testAccuracy)}`,
      held: testAccuracy >= share && (parameters === undefined || count === parameters),
    }
  },
})

export const percent = (share: number): string => `${(100 * share).toFixed(2)} %`

/** A program under examples/. */
export interface Example {
  /** What it shows of the lectures. */
  rows: readonly Row[]
  /** The default of `--epochs`. */
  epochs: number
  run(options: Options): Promise<Figures>
}

export interface Images {
  train: data.ImageDataset
  test: data.ImageDataset
}

/** MNIST, where it is found or can be downloaded, else digits drawn in code. Says which. */
export async function loadDigits(options: Options): Promise<Images> {
  try {
    return await loadImages('MNIST', 'mnist', data.mnist, options)
  } catch (error) {
    if (!(error instanceof DownloadError)) throw error
    console.log(`${(error as Error).message}\n`)
    const { device, samples: count } = options
    const sets = { train: data.digits({ device, count }), test: data.digits({ split: 'test', device, count }) }
    console.log(
      `data: MNIST is not to be had, so ${sets.train.length} generated digits, and ${sets.test.length} to test`,
    )
    return sets
  }
}

/** Fashion-MNIST: ten kinds of clothing in the format of MNIST. */
export const loadFashion = (options: Options): Promise<Images> =>
  loadImages('Fashion-MNIST', 'fashion-mnist', data.fashionMnist, options)

async function loadImages(name: string, folder: string, source: typeof data.mnist, options: Options): Promise<Images> {
  const root = options.data && `${options.data}/${folder}`
  const load = async (split: 'train' | 'test') =>
    firstOf(await source({ split, root, device: options.device, onProgress: showDownload }), options.samples)
  const sets = { train: await load('train'), test: await load('test') }
  console.log(`data: ${name}, ${sets.train.length} images to train on and ${sets.test.length} to test with`)
  return sets
}

/** A set's first images. */
export async function firstOf(set: data.ImageDataset, count: number | undefined): Promise<data.ImageDataset> {
  if (count === undefined || count >= set.length) return set
  const [, channels, height, width] = set.images.shape as [number, number, number, number]
  const pixels = await set.images.slice(0, 0, count).data()
  const labels = (await set.targets()).slice(0, count)
  const { classes, normalize } = set
  const first = new data.ImageDataset({ pixels, channels, height, width, labels }, classes, {
    normalize,
    device: set.images.device,
  })
  set.dispose()
  return first
}

function showDownload({ url, received, total }: data.Progress): void {
  const share = total ? ` ${Math.floor((100 * received) / total)} %` : ''
  process.stderr.write(`\rdownloading ${url}${share} ${received === total ? '\n' : ''}`)
}

/** Saves a picture in the folder that was asked for, or shows it in the terminal. */
export async function show(name: string, picture: visualize.Picture, { pictures }: Options): Promise<void> {
  if (pictures === undefined) {
    picture.print()
    return
  }
  const path = join(pictures, `${name}.png`)
  await picture.save(path)
  console.log(`picture: ${path}`)
}

/** Sums up a run. */
export async function figures(model: nn.Module, testAccuracy: number, started: number): Promise<Trained> {
  const hash = createHash('sha256')
  for (const [name, value] of Object.entries(model.stateDict())) hash.update(name).update(await value.data())
  const parameters = [...model.parameters()].reduce((sum, p) => sum + p.size, 0)
  return { testAccuracy, parameters, seconds: (performance.now() - started) / 1000, weights: hash.digest('hex') }
}
