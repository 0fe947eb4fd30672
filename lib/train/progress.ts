import type { Writable } from 'node:stream'
import type { EpochRecord, Measures } from './records.js'

/** Shows a training run: a bar on a terminal, one line per epoch everywhere. */
export interface Progress {
  start(epoch: number): void
  step(step: number, figures: Measures): void
  end(record: EpochRecord): void
  stop(): void
}

/** @param steps per epoch, undefined when not known beforehand */
export async function openProgress(
  target: boolean | Writable,
  epochs: number,
  steps: number | undefined,
): Promise<Progress | undefined> {
  if (!target) return undefined
  const stream = target === true ? process.stderr : target
  const bar = (stream as { isTTY?: boolean }).isTTY && steps ? await openBar(stream, epochs, steps) : undefined
  return {
    start: (epoch) => bar?.start(steps as number, 0, { epoch, figures: '' }),
    step: (step, figures) => bar?.update(step, { figures: shown(figures) }),
    end(record) {
      bar?.stop()
      stream.write(`${line(record, epochs)}\n`)
    },
    stop: () => bar?.stop(),
  }
}

async function openBar(stream: Writable, epochs: number, steps: number) {
  const { default: progress } = await import('cli-progress')
  const format = `epoch {epoch}/${epochs} {bar} {value}/${steps}  {figures}  {eta_formatted}`
  return new progress.SingleBar(
    { stream, format, clearOnComplete: true, hideCursor: true },
    progress.Presets.shades_classic,
  )
}

function line({ epoch, seconds, ...figures }: EpochRecord, epochs: number): string {
  return [`epoch ${epoch}/${epochs}`, `${seconds.toFixed(1)} s`, shown(figures)].join('  ')
}

const shown = (figures: Record<string, number>): string =>
  Object.entries(figures)
    .map(([name, value]) => `${name} ${value.toFixed(4)}`)
    .join('  ')
