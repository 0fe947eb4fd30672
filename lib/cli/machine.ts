import { readFileSync } from 'node:fs'
import os from 'node:os'

/** A file's text; undefined where there is none, or it is not for us. */
export function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/** The C library that this process runs with. */
export function libc(): string | undefined {
  if (process.platform !== 'linux') return undefined
  Object.assign(process.report, { excludeNetwork: true }) // whose names would be looked up
  const { header } = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } }
  return header.glibcVersionRuntime ? `glibc ${header.glibcVersionRuntime}` : 'musl'
}

/** The operating system's own name: `Debian GNU/Linux 12 (bookworm)`. */
export const system = (): string =>
  /^PRETTY_NAME="?([^"\n]+)/m.exec(textOf('/etc/os-release') ?? '')?.[1] ?? os.version()

/** Of those that there are kernels for, the instruction sets that the processor has, best first; undefined where it is not told. */
export function instructionSets(): string[] | undefined {
  if (process.arch !== 'x64') return ['generic']
  const flags = /^flags\s*:(.*)$/m.exec(textOf('/proc/cpuinfo') ?? '')?.[1]?.split(' ')
  if (!flags) return undefined
  const has = (...names: string[]) => names.every((name) => flags.includes(name))
  const avx2 = has('avx2', 'fma')
  const avx512 = avx2 && has('avx512f', 'avx512bw', 'avx512dq', 'avx512vl')
  return [...(avx512 ? ['avx512'] : []), ...(avx2 ? ['avx2'] : []), 'generic']
}

/** Processors' worth of time that a container's limit grants; undefined without a limit. */
export function cpuQuota(): number | undefined {
  const [quota, period] = textOf('/sys/fs/cgroup/cpu.max')?.split(/\s+/) ?? [
    textOf('/sys/fs/cgroup/cpu/cpu.cfs_quota_us'),
    textOf('/sys/fs/cgroup/cpu/cpu.cfs_period_us'),
  ]
  const share = Number(quota) / Number(period)
  return share > 0 && share < Infinity ? share : undefined
}

/** Bytes that this process may take by a container's limit; undefined without one. */
export function memoryLimit(): number | undefined {
  const limit = process.constrainedMemory()
  return limit > 0 && limit < os.totalmem() ? limit : undefined
}

/** Why there are so many compute threads. */
export function threadsReason(threads: number): string {
  const wanted = process.env.CONVCORE_THREADS
  if (wanted)
    return Number(wanted) === threads
      ? `CONVCORE_THREADS is ${wanted}`
      : `CONVCORE_THREADS is ${wanted}, more than there may be`
  const quota = cpuQuota()
  if (quota !== undefined && Math.max(1, Math.floor(quota)) === threads && threads < os.cpus().length)
    return `a limit of ${quota} processors (cgroup)`
  const all = os.cpus().length
  return threads < all ? `of ${all} processors, those that this process may use` : 'all processors'
}

/** NVIDIA's driver: what the kernel says of it, and what the loader says of its library. */
export function nvidiaDriver(): { kernel: string | undefined; library: string } {
  const kernel = /^NVRM version:\s*(.*)$/m
    .exec(textOf('/proc/driver/nvidia/version') ?? '')?.[1]
    ?.replaceAll(/\s+/g, ' ')
  return { kernel, library: loaderOn(process.platform === 'win32' ? 'nvcuda.dll' : 'libcuda.so.1') }
}

/** What the system's loader says of a shared library: Node's reports that it is no addon once it was found. */
function loaderOn(name: string): string {
  try {
    process.dlopen({ exports: {} }, name)
  } catch (error) {
    const { message } = error as Error
    return message.includes('self-register') ? `${name} is there` : message
  }
  return `${name} is there`
}

/** `1.5 GiB` */
export function bytes(count: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']
  const power = count < 1 ? 0 : Math.min(Math.floor(Math.log2(count) / 10), units.length - 1)
  return `${Number((count / 1024 ** power).toPrecision(3))} ${units[power]}`
}
