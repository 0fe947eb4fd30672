// What the page is told: everything when it connects, then what is new.

/** A step of the optimizer whose figures have arrived. */
export interface StepPoint {
  /** Steps so far. */
  readonly step: number
  readonly epoch: number
  /** Of the batch: loss and metrics. */
  readonly figures: Readonly<Record<string, number>>
  /** By group of parameters. */
  readonly learningRates: readonly number[]
  readonly samplesPerSecond?: number | undefined
  readonly memory: MemoryPoint
}

/** In bytes. */
export interface MemoryPoint {
  /** In live tensors. */
  readonly live: number
  /** The most that was ever live. */
  readonly peak: number
  /** Of the whole process. */
  readonly resident: number
}

export interface EpochPoint {
  /** Steps of the optimizer at its end. */
  readonly step: number
  readonly epoch: number
  readonly seconds: number
  /** Means while training; those of the validation have names of their own. */
  readonly training: Readonly<Record<string, number>>
  readonly validation: Readonly<Record<string, number>>
}

export interface Status {
  readonly state: 'waiting' | 'training' | 'done' | 'failed'
  /** Why it failed. */
  readonly reason?: string | undefined
  readonly epoch: number
  readonly epochs: number
  /** Of the epoch. */
  readonly batch: number
  /** Of an epoch, where that is known. */
  readonly batches?: number | undefined
  /** Seconds until the end, as far as can be told. */
  readonly remaining?: number | undefined
}

/** Pixels, three bytes each, row by row; others have another id. */
export interface PixelSource {
  readonly id: string
  readonly width: number
  readonly height: number
}

export interface Sample {
  readonly label: string
  readonly answer?: string | undefined
  readonly right?: boolean | undefined
  /** Of the answer, from 0 to 1. */
  readonly probability?: number | undefined
}

export interface Samples {
  readonly epoch: number
  /** Below each other. */
  readonly pixels: PixelSource
  readonly samples: readonly Sample[]
}

export interface Maps {
  readonly epoch: number
  readonly layers: readonly { readonly path: string; readonly pixels: PixelSource }[]
}

/** Row: label, column: answer. */
export interface Confusion {
  readonly epoch: number
  readonly counts: readonly (readonly number[])[]
  readonly classes: readonly string[]
}

/** What replaces what was told before. */
export interface Parts {
  readonly title: string
  readonly status: Status
  readonly settings: Readonly<Record<string, unknown>>
  /** Its print-out. */
  readonly model: string
  readonly samples: Samples
  readonly maps: Maps
  readonly confusion: Confusion
}

export interface Update extends Partial<Parts> {
  /** Whether all that was told before is void. */
  readonly fresh?: boolean
  /** They come after those before. */
  readonly steps?: readonly StepPoint[]
  readonly epochs?: readonly EpochPoint[]
}
