import { writeAtomically } from '../io/atomic.js'
import type { Callback, Run } from './callback.js'
import type { EpochRecord } from './records.js'

/** Writes the history to a file of comma-separated values, anew after every epoch: a line of names, then one per epoch. */
export class CSVLogger implements Callback {
  constructor(
    /** The file. */
    readonly path: string,
  ) {}

  async onEpochEnd(_record: EpochRecord, { history, dry }: Run): Promise<void> {
    if (dry) return
    const names = [...new Set(history.flatMap((record) => Object.keys(record)))]
    const rows = history.map((record) => names.map((name) => record[name] ?? ''))
    const text = [names.map(quoted), ...rows].map((cells) => `${cells.join(',')}\n`).join('')
    await writeAtomically(this.path, (file) => file.writeFile(text))
  }
}

const quoted = (name: string): string => (/[",\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name)
