import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Geometry, Handle, Kernels } from './kernels.js'

/** What the native layer says of a library that it opens when there is need. */
export interface CudaLibrary {
  /** cuBLAS or cuDNN. */
  readonly name: string
  /** Of the library that is in use. */
  readonly version?: string
  /** Where it was found. */
  readonly path?: string
  /** Why it is not in use: what was tried, and the loader's words. */
  readonly reason?: string
}

/** A GPU, see native/cuda/cuda.h. */
export interface CudaProperties {
  /** As the driver calls it. */
  readonly name: string
  /** Bytes. */
  readonly totalMemory: number
  /** Bytes, of all processes together. */
  readonly freeMemory: number
  /** Compute capability: [9, 0] of an H100. */
  readonly capability: readonly [major: number, minor: number]
  /** Multiprocessors. */
  readonly processors: number
  /** Version of CUDA that the driver knows. */
  readonly driver: string
  /** Version of CUDA's runtime in the addon. */
  readonly runtime: string
  /** Whether this is the emulation on the CPU that tests use. */
  readonly emulated: boolean
}

/** How convolutions go on CUDA: see `backends.cuda.convAlgorithm`. */
export type ConvAlgorithm = 'auto' | 'im2col' | 'implicit' | 'cudnn'
/** How convolutions go on the CPU: see `backends.cpu.convAlgorithm`. */
export type CpuConvAlgorithm = 'auto' | 'gemm' | 'direct' | 'winograd'

/** See {@link Addon.mark}. */
export type Mark = object & { readonly mark: unique symbol }

/** The addon: see native/addon.cpp. */
interface Addon {
  readonly kernels: Kernels
  /** Where geometry is written just before a call. */
  readonly stage: Float64Array
  /** How many handles wait to be released, and these. */
  readonly closing: Float64Array
  /** Instruction set in use. */
  readonly isa: 'generic' | 'avx2' | 'avx512'
  /** Compute threads. */
  readonly threads: number
  /** Devices of one kind: cpu:i is i, cuda:i is maxDevices + i. */
  readonly maxDevices: number
  /** `op` is named when there is no memory. */
  create(op: string, count: number, dtype: number, device: number): Handle
  view(handle: Handle, offset: number, count: number): Handle
  release(handle: Handle): void
  /** What waits in `closing`. */
  releaseAll(): void
  write(handle: Handle, array: NodeJS.TypedArray): void
  transfer(from: Handle, to: Handle): void
  read(handle: Handle): Promise<ArrayBuffer>
  readSync(handle: Handle): ArrayBuffer
  sync(device: number): Promise<void>
  memory(device: number): [tensors: number, live: number, pooled: number, peak: number]
  resetPeak(device: number): void
  adjustExternalMemory(bytes: number): void
  /** Looks for GPUs at the first call. */
  cuda(): { readonly count: number; readonly reason: string; readonly emulated: boolean }
  cudaProperties(device: number): CudaProperties
  cudaLibraries(): readonly CudaLibrary[]
  tf32(allow?: boolean): boolean
  convBenchmark(on?: boolean): boolean
  convAlgorithm(name?: ConvAlgorithm): ConvAlgorithm
  cpuConvAlgorithm(name?: CpuConvAlgorithm): CpuConvAlgorithm
  /** A point behind all that was enqueued on a device so far. */
  mark(device: number): Mark
  /** Milliseconds between two marks of a device, which it must have passed. */
  elapsed(from: Mark, to: Mark): number
  /** Puts by what is enqueued on a device from here on: see native/capture.h, as for the others. */
  record(device: number): void
  vary(): number
  /** Elements that `conv_prepare` writes. */
  preparedSize(geometry: Geometry): number
  suspend(): void
  resume(): void
  finish(): number
  replay(plan: number, numbers: Float64Array): void
  fresh(plan: number): boolean
  recorded(plan: number, handle: Handle): boolean
  dropPlan(plan: number): void
  stop(): void
}

function load(): Addon {
  const require = createRequire(import.meta.url)
  const root = fileURLToPath(new URL('..', import.meta.url))
  const forced = process.env.CONVCORE_ADDON
  try {
    if (forced) return require(forced) as Addon
    return (require('node-gyp-build') as (directory: string) => Addon)(root)
  } catch (error) {
    const where = forced ? `CONVCORE_ADDON=${forced}` : `build/Release and prebuilds/ in ${root}`
    throw new Error(
      `convcore: could not load the native addon for ${process.platform}-${process.arch} (Node ${process.version}).\n` +
        `Tried: ${where}\nReason: ${(error as Error).message}\n` +
        'What helps: reinstall convcore on this platform, or build it from source with "npm run build:native" in its ' +
        'folder (needs a C++17 compiler).',
      { cause: error },
    )
  }
}

export const native = load()
export const { kernels } = native

// Cleanup hooks of the addon do not run on process.exit() or after an uncaught error; this does.
process.on('exit', () => native.stop())

const { stage, closing } = native

/** Lets a handle go: with the next memory taken, or when many have been, since a call costs more than an entry here. */
export function release(handle: Handle): void {
  const count = closing[0]! + 1
  closing[count] = handle
  closing[0] = count
  if (count === closing.length - 1) native.releaseAll()
}

/** Runs `fn`, which may stage geometry, between the staging of a call and the call. */
export function preserveStage(fn: () => void): void {
  const staged = stage.slice()
  fn()
  stage.set(staged)
}

/** Stages geometry for the kernel call that it is an argument of. */
export function pack(words: readonly number[]): Geometry {
  for (let i = 0; i < words.length; i++) stage[i] = words[i]!
  return words.length as Geometry
}
