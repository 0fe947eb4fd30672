import { deviceIndex, parseDevice, type Device, type DeviceLike } from './device.js'
import { DeviceError } from './errors.js'
import { sync } from './memory.js'
import { native, type Mark } from './native.js'

/**
 * A point in a device's queue, to time what runs there: on a GPU by its own clock.
 *
 * ```ts
 * const start = new cuda.Event()
 * start.record()
 * model(x)
 * const end = new cuda.Event()
 * end.record()
 * console.log(await start.elapsedTime(end))
 * ```
 */
export class Event {
  /** Whose stream it marks. */
  readonly device: Device
  #mark: Mark | undefined

  /** @throws {DeviceError} when there is no such device */
  constructor(
    /** Whose stream it marks. */
    device: DeviceLike = 'cuda',
  ) {
    this.device = parseDevice(device)
  }

  /** Puts the event behind all that was enqueued on its device so far. */
  record(): void {
    this.#mark = native.mark(deviceIndex(this.device))
  }

  /**
   * Milliseconds from this event to `end`, once both have passed.
   * @throws {DeviceError} when they are on two devices, or one was not recorded
   */
  async elapsedTime(end: Event): Promise<number> {
    const [from, to] = [this.#mark, end.#mark]
    if (!from || !to) throw new DeviceError('elapsedTime: expected two events that were recorded')
    if (this.device !== end.device)
      throw new DeviceError(`elapsedTime: expected events of one device, got ${this.device} and ${end.device}`)
    await sync(this.device)
    return native.elapsed(from, to)
  }
}
