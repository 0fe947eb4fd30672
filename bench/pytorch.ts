import { fileURLToPath } from 'node:url'
import { Peer } from './peer.js'

export interface TorchOptions {
  device: 'cpu' | 'cuda'
  threads: number
  /** Milliseconds per figure. */
  budget: number
  tf32?: boolean
  benchmark?: boolean
}

export const torchProgram = (name: string): string[] => [
  '-B', // no folder of compiled files between the sources
  fileURLToPath(new URL(`../../../bench/pytorch/${name}`, import.meta.url)),
]

/**
 * glibc gives no memory back and asks for none, and takes large pages: what a user of PyTorch can set to spare the pages'
 * first touch in each step.
 */
export const tunedMalloc = {
  MALLOC_MMAP_THRESHOLD_: String(2 ** 32),
  MALLOC_TRIM_THRESHOLD_: String(2 ** 33),
  MALLOC_TOP_PAD_: String(2 ** 28),
  GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1',
}

/** Undefined where Python has no PyTorch, or none for the device. */
export function startTorch(
  python: string,
  { device, threads, budget, tf32 = false, benchmark = false }: TorchOptions,
  env?: Record<string, string>,
): Promise<Peer | undefined> {
  const settings = { device, threads, tf32: Number(tf32), benchmark: Number(benchmark), budget }
  const words = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)])
  return Peer.start(python, [...torchProgram('serve.py'), ...words], env)
}
