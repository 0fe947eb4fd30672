import { deviceIndex, isCuda, parseDevice, type DeviceLike } from './device.js'
import { describe, DeviceError } from './errors.js'
import { native, type CudaLibrary, type CudaProperties } from './native.js'

export { Event } from './event.js'

/** Whether there is a GPU that works. Looks for one at the first call. */
export const isAvailable = (): boolean => deviceCount() > 0

/** The GPUs: `cuda:0` and so on. */
export const deviceCount = (): number => native.cuda().count

/** What was tried, where there is no GPU; undefined where there is one. */
export const unavailableReason = (): string | undefined => native.cuda().reason || undefined

export type { CudaLibrary }

/** A GPU and its libraries: see {@link properties}. */
export interface Properties extends CudaProperties {
  /** cuBLAS and cuDNN: where each was found, or what was tried. */
  readonly libraries: readonly CudaLibrary[]
}

/**
 * What a GPU is: its name, memory in bytes, compute capability, multiprocessors, the versions of driver and runtime, and
 * the libraries that its kernels may use.
 * @throws {DeviceError} when there is no such GPU, with the reason
 */
export function properties(device: DeviceLike = 'cuda'): Properties {
  const name = parseDevice(device)
  if (!isCuda(name)) throw new DeviceError(`properties: expected a CUDA device, got ${describe(device)}`)
  return { ...native.cudaProperties(deviceIndex(name) - native.maxDevices), libraries: native.cudaLibraries() }
}

/**
 * Whether convolutions and matrix products of float32 may round their factors to TF32 (10 bits of fraction), which is
 * several times as fast from compute capability 8.0 on. At first false.
 */
export const isTF32Allowed = (): boolean => native.tf32()

/** See {@link isTF32Allowed}. @throws {TypeError} unless `allow` is a boolean */
export function setAllowTF32(allow: boolean): void {
  native.tf32(allow)
}
