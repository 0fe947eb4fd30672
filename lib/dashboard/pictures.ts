import { Scope } from '../scope.js'
import type { Run } from '../train/callback.js'
import type { Gallery } from '../train/gallery.js'
import { image } from '../visualize/bitmap.js'
import { makeGrid } from '../visualize/grid.js'
import { isBeyond } from '../visualize/showGrid.js'
import type { Pixels } from '../visualize/terminal.js'
import type { Feed } from './feed.js'
import type { PixelSource, Sample } from './shared/messages.js'

/** Samples and feature maps for the page, which draws pixels itself. */
export class Pictures {
  #samples: PixelSource | undefined
  #version = 0

  constructor(
    private readonly feed: Feed,
    private readonly gallery: Gallery,
  ) {}

  /** Brings the samples, which stay the same for a run. */
  async open(): Promise<void> {
    this.#samples = undefined
    const { images } = this.gallery
    if (!images) return
    const normalize = await isBeyond(images)
    using work = new Scope()
    const column = work.run(() => makeGrid(images, { nrow: 1, padding: 0, normalize }))
    const { pixels } = await image(column, { scale: 1 })
    this.#samples = this.#add('samples', pixels)
  }

  /** What the model makes of them now. */
  async look({ trainer, epoch }: Run): Promise<void> {
    if (!this.#samples) return
    const answers = await this.gallery.answers(trainer)
    const name = (index: number): string => this.gallery.classes?.[index] ?? String(index)
    const samples = this.gallery.labels.map((label, i): Sample => {
      const { answer, probability } = answers?.[i] ?? {}
      if (answer === undefined) return { label: name(label) }
      return { label: name(label), answer: name(answer), right: answer === label, probability }
    })
    this.feed.tell({ samples: { epoch, pixels: this.#samples, samples } })
    const maps = await this.gallery.maps(trainer)
    if (!maps.length) return
    const layers = maps.map(([path, { pixels }], i) => ({ path, pixels: this.#add(`maps-${i}`, pixels) }))
    this.feed.tell({ maps: { epoch, layers } })
  }

  /** Those of the name before are gone; who asks for them late gets these. */
  #add(name: string, { width, height, rgb }: Pixels): PixelSource {
    this.feed.pixels.set(name, rgb)
    return { id: `${name}?${++this.#version}`, width, height }
  }
}
