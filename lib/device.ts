import { describe, DeviceError } from './errors.js'
import { native } from './native.js'

/** A logical CPU device. Each has its own in-order stream and memory pool; all share the compute threads. */
export type Device = `cpu:${number}`

/** A device as options take it; `'cpu'` means `'cpu:0'`. */
export type DeviceLike = Device | 'cpu'

/**
 * The full name of a device.
 * @throws {DeviceError} when there is no such device
 */
export function parseDevice(device: unknown): Device {
  if (device === undefined || device === 'cpu') return 'cpu:0'
  const match = typeof device === 'string' ? /^cpu:(\d+)$/.exec(device) : null
  if (match && Number(match[1]) < native.maxDevices) return `cpu:${Number(match[1])}`
  throw new DeviceError(`expected a device from 'cpu:0' to 'cpu:${native.maxDevices - 1}', got ${describe(device)}`)
}

export const isDevice = (value: unknown): value is DeviceLike => typeof value === 'string' && value.startsWith('cpu')

/** The index that the native layer knows a device by. */
export const deviceIndex = (device: Device): number => (device === 'cpu:0' ? 0 : Number(device.slice(4)))
