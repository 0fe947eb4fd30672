import type { train } from '../../index.js'

/** Of an epoch: what the best one has most of. */
const figureOf = ({ validationAccuracy }: train.EpochRecord): number => validationAccuracy ?? -Infinity

/** The first epoch with the highest validation accuracy. */
export function bestOf(history: readonly train.EpochRecord[]): train.EpochRecord | undefined {
  const best = Math.max(...history.map(figureOf))
  return history.find((record) => figureOf(record) === best)
}

/** Keeps the model of the best epoch. */
export class KeepBest implements train.Callback {
  constructor(private readonly save: (record: train.EpochRecord) => Promise<void>) {}

  async onEpochEnd(record: train.EpochRecord, { history }: train.Run): Promise<void> {
    if (bestOf(history) === record) await this.save(record)
  }
}

/** Ends a run that is interrupted with a checkpoint, from which it goes on. Comes behind the checkpoints. */
export class SaveWhenInterrupted implements train.Callback {
  readonly last = true

  constructor(
    private readonly signal: AbortSignal,
    private readonly checkpoint: train.Checkpoint,
  ) {}

  async onUpdate(run: train.Run): Promise<void> {
    if (!this.signal.aborted) return
    await this.checkpoint.save(run)
    run.stop()
  }

  /** Checkpoints are saved after every epoch anyway. */
  onEpochEnd(_record: train.EpochRecord, run: train.Run): void {
    if (this.signal.aborted) run.stop()
  }
}
