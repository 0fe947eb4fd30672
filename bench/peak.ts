import { median } from './statistics.js'

const FALL = 0.9 // of the peak: a round that had less is repeated

export interface Round<T> {
  result: T
  /** GFLOP/s around it. */
  peak: number
  /** False where the machine gave less than it could in every repetition. */
  steady: boolean
}

/** What the machine gives, asked before and after each round: other work and lowered clocks show in it. */
export class Peak {
  private readonly seen: number[] = []
  repeated = 0

  constructor(
    private readonly probe: () => Promise<number>,
    /** How often a round is run again at most. */
    private readonly repeats: number,
  ) {}

  private async measure(): Promise<number> {
    const gflops = await this.probe()
    this.seen.push(gflops)
    return gflops
  }

  /** GFLOP/s; undefined where no round was run. */
  range(): { median: number; lowest: number; highest: number } | undefined {
    if (!this.seen.length) return undefined
    return { median: median(this.seen), lowest: Math.min(...this.seen), highest: Math.max(...this.seen) }
  }

  /** Runs a round, again where the peak beside it lies below what it was before and what it usually is. */
  async round<T>(run: () => Promise<T>): Promise<Round<T>> {
    for (let again = 0; ; again++) {
      const before = await this.measure()
      const result = await run()
      const after = await this.measure()
      const steady = Math.min(before, after) >= FALL * Math.max(before, median(this.seen))
      if (steady || again === this.repeats) return { result, peak: (before + after) / 2, steady }
      this.repeated++
    }
  }
}
