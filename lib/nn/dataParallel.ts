import { noGrad } from '../autograd.js'
import { type Device, type DeviceLike, parseDevice } from '../device.js'
import { describe, DeviceError, ShapeError } from '../errors.js'
import { cat, stack } from '../ops/join.js'
import { chunk } from '../ops/slice.js'
import { showShape } from '../shape.js'
import { Tensor } from '../tensor.js'
import { checkChild, isModule } from './members.js'
import { Module } from './module.js'

/** Options of {@link DataParallel}. */
export interface DataParallelOptions {
  /** Parameters lie on the first; it takes the first part of each batch, and results come to it. */
  devices: readonly DeviceLike[]
}

/**
 * Runs a module on several devices at once, each with a part of the batch: PyTorch's `nn.DataParallel`. Logical CPU devices
 * do, which share the compute threads, or GPUs.
 *
 * Every call splits each tensor argument along its first dimension into as equal parts as `chunk` gives, copies parameters
 * and buffers to the other devices, and joins the results on the first. Gradients come back through the copies and add up.
 * What the other devices' calls write into buffers is lost: running statistics are those of the first part. Its state
 * dict has the module's keys after `module.`. A captured step stays on one device, and so refuses it.
 *
 * ```ts
 * const model = new nn.DataParallel(net, { devices: ['cuda:0', 'cuda:1'] })
 * ```
 */
export class DataParallel<M extends Module> extends Module {
  /** Where the parts of a batch go; parameters lie on the first. */
  readonly devices: readonly [Device, ...Device[]]

  /**
   * Moves the module to the first device.
   * @throws {TypeError} unless it is a module, {DeviceError} when there is no such device, {RangeError} when none is named,
   *   or one twice
   */
  constructor(
    /** What runs on each device. */
    readonly module: M,
    { devices }: DataParallelOptions,
  ) {
    super()
    checkChild('DataParallel', 'module', module)
    if (!Array.isArray(devices) || !devices.length)
      throw new RangeError(`DataParallel: expected devices, got ${describe(devices)}`)
    const all = (devices as readonly DeviceLike[]).map(parseDevice) as [Device, ...Device[]]
    if (new Set(all).size < all.length)
      throw new RangeError(`DataParallel: expected devices that differ, got ${all.join(', ')}`)
    this.devices = all
    module.to(all[0])
  }

  /**
   * @throws {DeviceError} when the module was moved elsewhere
   * @throws {ShapeError} when a tensor argument has no dimension to split, or they have not equally many samples
   */
  forward(...args: Parameters<M['forward']>): ReturnType<M['forward']> {
    const { module } = this
    const [first] = this.devices
    for (const { device } of [...module.parameters(), ...module.buffers()])
      if (device !== first)
        throw new DeviceError(`DataParallel: expected a module on ${first}, the first device, got one on ${device}`)
    const parts = scatter(args, this.devices)
    const call = module as unknown as (...args: readonly unknown[]) => ReturnType<M['forward']>
    const results = parts.map((part, i) =>
      i === 0 ? call(...part) : on(this.devices[i]!, module, () => call(...part)),
    )
    return results.length === 1 ? results[0]! : (gather(results, first) as ReturnType<M['forward']>)
  }
}

/** The arguments of each device's call: parts of tensors, also of those in arrays; anything else is everybody's. */
function scatter(args: readonly unknown[], devices: readonly Device[]): unknown[][] {
  const samples = new Set<number>()
  const split = (arg: unknown): unknown[] => {
    if (Array.isArray(arg)) {
      const items = (arg as unknown[]).map(split)
      return devices.map((_, i) => items.map((parts) => parts[i]))
    }
    if (!(arg instanceof Tensor)) return devices.map(() => arg)
    if (!arg.shape[0])
      throw new ShapeError(`DataParallel: expected tensors with samples along dimension 0, got ${showShape(arg.shape)}`)
    samples.add(arg.shape[0])
    return chunk(arg, devices.length).map((part, i) => part.to(devices[i]!))
  }
  const parts = args.map(split)
  if (samples.size > 1)
    throw new ShapeError(`DataParallel: expected as many samples in every tensor, got ${[...samples].join(' and ')}`)
  const [count = 1] = samples
  const used = Math.ceil(count / Math.ceil(count / devices.length)) // a small batch has fewer parts than there are devices
  return Array.from({ length: used }, (_, i) => parts.map((part) => part[i]))
}

/** Results of all devices as one: tensors along their first dimension, also those in arrays, scalars as a vector. */
function gather(results: readonly unknown[], device: Device): unknown {
  const [first] = results
  if (Array.isArray(first))
    return first.map((_, i) =>
      gather(
        results.map((each) => (each as unknown[])[i]),
        device,
      ),
    )
  if (!(first instanceof Tensor))
    throw new TypeError(`DataParallel: expected a module that gives tensors or arrays of them, got ${describe(first)}`)
  const parts = (results as readonly Tensor[]).map((part) => part.to(device))
  return first.rank === 0 ? stack(parts) : cat(parts, 0)
}

/** Runs a call with copies of the module's parameters and buffers on a device in their place. */
function on<T>(device: Device, module: Module, call: () => T): T {
  const copies = new Map<Tensor, Tensor>()
  for (const parameter of module.parameters()) copies.set(parameter, parameter.to(device))
  for (const buffer of module.buffers())
    copies.set(
      buffer,
      noGrad(() => buffer.to(device)),
    )
  const undo: (() => void)[] = []
  try {
    for (const each of module.modules())
      for (const [name, value] of Object.entries(each) as [keyof Module, unknown][]) {
        const copy = isModule(value) ? value : exchange(value, copies)
        if (copy === value) continue
        Object.assign(each, { [name]: copy })
        undo.push(() => Object.assign(each, { [name]: value }))
      }
    return call()
  } finally {
    for (const restore of undo) restore()
  }
}

/** A field's value with copies for tensors, also for those in arrays. */
function exchange(value: unknown, copies: ReadonlyMap<Tensor, Tensor>): unknown {
  if (value instanceof Tensor) return copies.get(value) ?? value
  if (!Array.isArray(value)) return value
  const items = (value as unknown[]).map((item) => exchange(item, copies))
  return items.some((item, i) => item !== value[i]) ? items : value
}
