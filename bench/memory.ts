import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { info } from 'convcore'
import type { ModelRow } from './cases.js'
import { line, type Line } from './line.js'
import { TUNED } from './programs.js'
import { torchProgram, tunedMalloc } from './pytorch.js'

const STEPS = 5 // the peak is that of the second: optimizers then have their state
const KIB_PER_MIB = 1024

/** MiB that were resident at most in a process that trains and prints them in KiB. */
function peakOf(command: string, words: string[], env: Record<string, string> = {}): number {
  const { status, stdout } = spawnSync(command, words, {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (status !== 0) throw new Error(`bench: ${command} ${words.join(' ')} failed`)
  return Number(stdout) / KIB_PER_MIB
}

/** Peak of resident memory of some steps, each program and setting in a fresh process; `quick`: PyTorch as it comes alone. */
export function memory(python: string, { name, input }: ModelRow, quick: boolean): Line {
  const ours = fileURLToPath(new URL('train-once.js', import.meta.url))
  const peaks: Record<string, number> = { convcore: peakOf(process.execPath, [ours, name, String(STEPS)]) }
  for (const layout of input.length === 3 && !quick ? ['NCHW', 'NHWC'] : ['NCHW']) {
    const words = [...torchProgram('train_once.py'), name, String(STEPS), layout, String(info().threads)]
    peaks[layout] = peakOf(python, words)
    if (!quick) peaks[layout + TUNED] = peakOf(python, words, tunedMalloc)
  }
  return line({ section: 'memory', name, figure: `${STEPS} steps`, steady: true }, peaks)
}
