import type { SingleBar } from 'cli-progress'
import type { data } from '../index.js'
import { untilDone } from './interrupt.js'
import { note } from './output.js'

const MIB = 2 ** 20

/** Runs what may download, and shows how far it is: a bar on a terminal, else a line per file. */
export function withDownloads<T>(
  load: (options: { signal: AbortSignal; onProgress: (progress: data.Progress) => void }) => Promise<T>,
): Promise<T> {
  return untilDone(async (signal) => {
    const shown = await openProgress()
    try {
      return await load({ signal, onProgress: shown.show })
    } finally {
      shown.end()
    }
  })
}

async function openProgress(): Promise<{ show: (progress: data.Progress) => void; end: () => void }> {
  const { default: progress } = await import('cli-progress')
  let bar: SingleBar | undefined
  let current: string | undefined
  const begin = (url: string, total: number | undefined) => {
    bar?.stop()
    current = url
    if (!process.stderr.isTTY || !total) {
      note(`downloading ${url}`)
      return
    }
    const format = '{file} {bar} {percentage} %  {eta_formatted}'
    bar = new progress.SingleBar({ stream: process.stderr, format, hideCursor: true }, progress.Presets.shades_classic)
    bar.start(total / MIB, 0, { file: url.slice(url.lastIndexOf('/') + 1) })
  }
  return {
    show: ({ url, received, total }) => {
      if (url !== current) begin(url, total)
      bar?.update(received / MIB)
    },
    end: () => bar?.stop(),
  }
}
