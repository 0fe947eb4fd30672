import { cuda, type Device } from '../index.js'
import { parseDevice } from '../device.js'
import { UsageError } from './errors.js'

/**
 * The device that an option names; `auto` is a GPU where there is one that works.
 * @throws {UsageError} for one that there is not, saying why
 */
export function deviceOf(text: string): Device {
  if (text === 'auto') return cuda.isAvailable() ? 'cuda:0' : 'cpu:0'
  try {
    return parseDevice(text)
  } catch (error) {
    throw new UsageError(`--device: ${(error as Error).message}`)
  }
}
