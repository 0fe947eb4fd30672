import { deviceIndex, parseDevice, type DeviceLike } from './device.js'
import { native } from './native.js'

/** What a device's memory holds, in bytes. */
export interface MemoryUse {
  /** Live tensors of this thread, on all devices. */
  tensors: number
  /** In live tensors, rounded up to blocks. */
  live: number
  /** Kept for reuse. */
  pooled: number
  /** The most that was ever live, since the start or `resetPeak()`. */
  peak: number
}

/** Memory in use on a device, by default the default one. */
export function memory(device?: DeviceLike): MemoryUse {
  const [tensors, live, pooled, peak] = native.memory(deviceIndex(parseDevice(device)))
  return { tensors, live, pooled, peak }
}

/** Makes the present use the new peak of `memory()`. */
export function resetPeak(device?: DeviceLike): void {
  native.resetPeak(deviceIndex(parseDevice(device)))
}

/** Resolves when everything enqueued on a device so far has run. */
export function sync(device?: DeviceLike): Promise<void> {
  return native.sync(deviceIndex(parseDevice(device)))
}
