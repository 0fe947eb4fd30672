import { existsSync } from 'node:fs'
import os from 'node:os'
import type { Addon } from '../addon.js'
import { bytes, cpuQuota, instructionSets, memoryLimit, nvidiaDriver, threadsReason } from '../machine.js'
import { type Check, failure, ok, warning } from './check.js'

/** Memory with which small networks train. */
const ENOUGH = 2 ** 30

const unknown = (name: string): Check => warning(name, 'not known: the addon does not load', 'see addon')

export function instructions({ library }: Addon): Check {
  const name = 'instructions'
  if (!library) return unknown(name)
  const { isa } = library.info()
  const [best = isa] = instructionSets() ?? []
  if (best !== isa && process.env.CONVCORE_ISA)
    return warning(name, `${isa}, as CONVCORE_ISA says, of a processor with ${best}`, 'unset CONVCORE_ISA')
  if (best !== isa) return warning(name, `${isa}, of a processor with ${best}`, 'build the addon with a newer compiler')
  if (isa === 'generic' && process.arch === 'x64')
    return warning(name, 'generic: the processor has no AVX2', 'expect it to be several times as slow')
  return ok(name, isa)
}

export function threads({ library }: Addon): Check {
  const name = 'threads'
  if (!library) return unknown(name)
  const { threads } = library.info()
  const quota = cpuQuota()
  const found = `${threads}: ${threadsReason(threads)}`
  if (quota !== undefined && threads > Math.max(1, quota))
    return warning(
      name,
      `${threads}, with a limit of ${quota} processors (cgroup)`,
      `CONVCORE_THREADS=${Math.max(1, Math.floor(quota))}`,
    )
  const there = os.availableParallelism()
  if (threads > there) return warning(name, `${threads}, with ${there} processors`, 'unset CONVCORE_THREADS')
  if (threads < there && process.env.CONVCORE_THREADS) return ok(name, `${found}; there are ${there} processors`)
  return ok(name, found)
}

export function memory(): Check {
  const limit = memoryLimit()
  const total = limit ?? os.totalmem()
  const found = `${bytes(total)}${limit ? ', the limit of this container' : ''}`
  if (total >= ENOUGH) return ok('memory', found)
  return warning('memory', found, 'allow at least 1 GiB, or train with a smaller --batch-size')
}

/** Whether a GPU that is there can be used. */
export function gpu({ library }: Addon): Check {
  const name = 'gpu'
  if (!library) return unknown(name)
  const { cuda } = library
  if (cuda.isAvailable()) {
    const { name: model, libraries } = cuda.properties()
    const missing = libraries.filter(({ reason }) => reason)
    if (missing.length === 0) return ok(name, model)
    return warning(
      name,
      `${model}; ${missing.map(({ name, reason }) => `${name}: ${reason}`).join('; ')}`,
      `install ${missing.map(({ name }) => name).join(' and ')} for speed: apt, or pip install nvidia-cudnn-cu12 nvidia-cublas-cu12`,
    )
  }
  const reason = cuda.unavailableReason() ?? ''
  const { kernel } = nvidiaDriver()
  const there = kernel !== undefined || existsSync('/dev/nvidia0')
  if (!there) return ok(name, 'none; the CPU is used')
  return failure(name, `${kernel ?? 'an NVIDIA GPU'}, which cannot be used: ${reason}`, fixOf(reason))
}

function fixOf(reason: string): string {
  if (reason.includes('without CUDA'))
    return 'build the addon where nvcc is: npm run build:native -- --CDCONVCORE_CUDA=real'
  if (process.env.CUDA_VISIBLE_DEVICES !== undefined) return 'let CUDA_VISIBLE_DEVICES name a GPU, or unset it'
  if (reason.includes('no driver'))
    return 'in a container, give it the GPU (docker run --gpus all); else install the driver'
  if (/insufficient|driver is for/.test(reason))
    return 'update the driver, or build the addon for the CUDA that it is for'
  return 'see whether nvidia-smi works; else restart, or reinstall the driver'
}
