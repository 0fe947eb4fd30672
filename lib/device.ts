import { describe, DeviceError } from './errors.js'
import { native } from './native.js'

/**
 * Where tensors lie and ops run. `cpu:0`, `cpu:1` … are logical CPU devices: each has its own in-order stream and memory
 * pool, all share the compute threads. `cuda:0`, `cuda:1` … are GPUs.
 */
export type Device = `cpu:${number}` | `cuda:${number}`

/** A device as options take it; `'cpu'` means `'cpu:0'`, `'cuda'` means `'cuda:0'`. */
export type DeviceLike = Device | 'cpu' | 'cuda'

let preferred: Device = 'cpu:0'

/**
 * The full name of a device; without one, the default device's.
 * @throws {DeviceError} when there is no such device, with the reason
 */
export function parseDevice(device: unknown): Device {
  if (device === undefined) return preferred
  if (device === 'cpu') return 'cpu:0'
  const [, kind, index = '0'] = (typeof device === 'string' && /^(cpu|cuda)(?::(\d+))?$/.exec(device)) || []
  if (kind === undefined)
    throw new DeviceError(`expected a device such as 'cpu', 'cpu:1', 'cuda' or 'cuda:0', got ${describe(device)}`)
  const count = kind === 'cpu' ? native.maxDevices : cudaDevices(device as string)
  if (Number(index) >= count)
    throw new DeviceError(`expected a device from '${kind}:0' to '${kind}:${count - 1}', got ${describe(device)}`)
  return `${kind as 'cpu' | 'cuda'}:${Number(index)}`
}

function cudaDevices(asked: string): number {
  const { count, reason } = native.cuda()
  if (count === 0) throw new DeviceError(`expected a CUDA device for '${asked}': ${reason}`)
  return count
}

/**
 * Where tensors and parameters are made when no device is named, in this thread; at first `'cpu:0'`.
 * @throws {DeviceError} when there is no such device
 */
export function setDefaultDevice(device: DeviceLike): void {
  preferred = parseDevice(device)
}

/** See {@link setDefaultDevice}. */
export const getDefaultDevice = (): Device => preferred

export const isDevice = (value: unknown): value is DeviceLike =>
  typeof value === 'string' && (value.startsWith('cpu') || value.startsWith('cuda'))

export const isCuda = (device: Device): boolean => device.startsWith('cuda')

/** The index that the native layer knows a device by. */
export function deviceIndex(device: Device): number {
  if (device === 'cpu:0') return 0
  return isCuda(device) ? native.maxDevices + Number(device.slice(5)) : Number(device.slice(4))
}
