import { hostname } from 'node:os'
import { join } from 'node:path'
import { describe, ShapeError } from '../../errors.js'
import { checkTensor } from '../../ops/check.js'
import { showShape } from '../../shape.js'
import { Tensor } from '../../tensor.js'
import { image } from '../../visualize/bitmap.js'
import { Picture } from '../../visualize/picture.js'
import { EventFile } from './eventFile.js'
import { histogramOf } from './histogram.js'
import { DT_STRING, type Event, type Value } from './schema.js'

/** How a {@link SummaryWriter} names and begins its file. */
export interface SummaryWriterOptions {
  /** Of the file's name; default none. */
  filenameSuffix?: string
  /** What earlier files of the folder noted from this step on is not shown: for a run that goes on from a checkpoint. */
  purgeStep?: number
}

/** A number, or a tensor of one element. */
export type ScalarLike = number | Tensor

/**
 * Writes what TensorBoard shows: PyTorch's `torch.utils.tensorboard.SummaryWriter`. Every writer makes a file of its own in
 * the folder, so that earlier ones stay as they are.
 *
 * Nothing waits: tensors are read as they are at the call, records go to the file as soon as they can. What fails then,
 * `flush` and `close` throw, and every later call.
 *
 * ```ts
 * await using writer = new train.SummaryWriter('runs/first')
 * writer.addScalar('loss/train', loss, step)
 * ```
 */
export class SummaryWriter {
  readonly #options: SummaryWriterOptions
  /** Those of `addScalars`, by folder. */
  readonly #others = new Map<string, SummaryWriter>()
  #waiting: Promise<Event>[] = []
  #file: EventFile | undefined
  #writing: Promise<void> | undefined
  #failure: unknown
  #closed = false

  /** @param folder default: one in `runs` that is named after the time and the machine */
  constructor(
    readonly folder: string = join('runs', `${timestamp()}_${hostname()}`),
    options: SummaryWriterOptions = {},
  ) {
    const { purgeStep, filenameSuffix = '' } = options
    if (purgeStep !== undefined) checkStep('purgeStep', purgeStep)
    if (/[/\\]/.test(filenameSuffix))
      throw new RangeError(`SummaryWriter: expected a filenameSuffix without slashes, got ${describe(filenameSuffix)}`)
    this.#options = options
  }

  /**
   * A point of a curve. Tags with the same part before a slash stand together.
   * @param step default 0
   * @param wallTime seconds since 1970; default: now
   */
  addScalar(tag: string, value: ScalarLike, step?: number, wallTime?: number): void {
    this.#add(
      tag,
      numberOf(value).then((simpleValue) => ({ tag, simpleValue })),
      step,
      wallTime,
    )
  }

  /** Points of several curves in one chart: each is a run of its own, in the folder `<folder>/<tag>_<name>`. */
  addScalars(tag: string, values: Readonly<Record<string, ScalarLike>>, step?: number, wallTime?: number): void {
    for (const [name, value] of Object.entries(values)) {
      const folder = join(this.folder, `${tag.replaceAll('/', '_')}_${name}`)
      const other = this.#others.get(folder) ?? new SummaryWriter(folder, this.#options)
      this.#others.set(folder, other)
      other.addScalar(tag, value, step, wallTime)
    }
  }

  /** How the values of a tensor or an array are spread; those that are not finite do not count. */
  addHistogram(tag: string, values: Tensor | ArrayLike<number>, step?: number, wallTime?: number): void {
    if (values instanceof Tensor) checkTensor('addHistogram', 'values', values)
    else if (typeof (values as ArrayLike<number> | undefined)?.length !== 'number' || typeof values === 'string')
      throw new TypeError(`addHistogram: expected a tensor or an array of numbers, got ${describe(values)}`)
    const read = values instanceof Tensor ? values.data() : Promise.resolve(Float64Array.from(values))
    this.#add(
      tag,
      read.then((all) => ({ tag, histo: histogramOf(all) })),
      step,
      wallTime,
    )
  }

  /**
   * A picture, as PNG, which needs the package sharp.
   * @param picture [1 or 3, H, W] or [H, W] as `visualize.image` takes it, or what else `visualize` makes
   */
  addImage(tag: string, picture: Tensor | Picture, step?: number, wallTime?: number): void {
    if (picture instanceof Tensor) checkTensor('addImage', 'picture', picture)
    else if (!((picture as unknown) instanceof Picture))
      throw new TypeError(`addImage: expected a tensor or a picture, got ${describe(picture)}`)
    this.#add(
      tag,
      encoded(picture).then((image) => ({ tag, image })),
      step,
      wallTime,
    )
  }

  /** A text, which may be Markdown. */
  addText(tag: string, text: string, step?: number, wallTime?: number): void {
    if (typeof text !== 'string') throw new TypeError(`addText: expected a text, got ${describe(text)}`)
    const tensor = { dtype: DT_STRING, tensorShape: { dim: [{ size: 1 }] }, stringVal: [Buffer.from(text)] }
    const value = { tag: `${tag}/text_summary`, tensor, metadata: { pluginData: { pluginName: 'text' } } }
    this.#add(tag, Promise.resolve(value), step, wallTime)
  }

  /** Resolves when all that was added is in the file. @throws {Error} when something of it could not be read or written */
  async flush(): Promise<void> {
    await this.#writing
    if (this.#failure) throw this.#failure as Error
    await Promise.all([...this.#others.values()].map((other) => other.flush()))
  }

  /** Writes what was added, and closes the file. A closed writer takes no more. */
  async close(): Promise<void> {
    this.#closed = true
    try {
      await this.flush()
    } finally {
      await Promise.all([...this.#others.values()].map((other) => other.close()))
      await this.#file?.close()
      this.#file = undefined
    }
  }

  /** As {@link SummaryWriter.close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #add(tag: string, value: Promise<Value>, step = 0, wallTime = Date.now() / 1000): void {
    value.catch(() => undefined) // it is awaited later
    if (typeof tag !== 'string' || !tag) throw new TypeError(`SummaryWriter: expected a tag, got ${describe(tag)}`)
    checkStep('step', step)
    if (this.#failure) throw this.#failure as Error
    if (this.#closed) throw new Error('SummaryWriter: expected an open writer, got one that was closed')
    const event = value.then((value): Event => ({ wallTime, ...(step && { step }), summary: { value: [value] } }))
    event.catch(() => undefined)
    this.#waiting.push(event)
    this.#writing ??= this.#write()
  }

  async #write(): Promise<void> {
    try {
      this.#file ??= await this.#open()
      while (this.#waiting.length) {
        const events = await Promise.all(this.#waiting.splice(0))
        await this.#file.append(events)
      }
    } catch (error) {
      this.#failure = error
    } finally {
      this.#writing = undefined
    }
  }

  async #open(): Promise<EventFile> {
    const { filenameSuffix = '', purgeStep: step } = this.#options
    const file = await EventFile.create(this.folder, filenameSuffix)
    if (step !== undefined) await file.append([{ wallTime: Date.now() / 1000, step, sessionLog: { status: 1 } }])
    return file
  }
}

/** 2026-01-31_09-30-00 */
const timestamp = (): string => new Date().toISOString().slice(0, 19).replace('T', '_').replaceAll(':', '-')

function checkStep(name: string, step: number): void {
  if (!(Number.isSafeInteger(step) && step >= 0))
    throw new RangeError(`SummaryWriter: expected ${name} to be an integer ≥ 0, got ${describe(step)}`)
}

function numberOf(value: unknown): Promise<number> {
  if (typeof value === 'number') return Promise.resolve(value)
  checkTensor('addScalar', 'value', value)
  if (value.size === 1) return value.item()
  throw new ShapeError(`addScalar: expected a tensor of one element, got one of shape ${showShape(value.shape)}`)
}

const RGB = 3

async function encoded(given: Tensor | Picture) {
  const picture = given instanceof Tensor ? await image(given, { scale: 1 }) : given
  const { width, height } = picture
  return { height, width, colorspace: RGB, encodedImageString: await picture.png() }
}
