/** A tensor has the wrong shape, or sizes that do not fit an op. */
export class ShapeError extends RangeError {
  /** The class' name. */
  override readonly name = 'ShapeError'
  /** The error's code. */
  readonly code = 'ERR_SHAPE'
}

/** A tensor has a dtype that an op does not take. */
export class DTypeError extends TypeError {
  /** The class' name. */
  override readonly name = 'DTypeError'
  /** The error's code. */
  readonly code = 'ERR_DTYPE'
}

/** A device does not exist, or tensors lie on different ones. */
export class DeviceError extends Error {
  /** The class' name. */
  override readonly name = 'DeviceError'
  /** The error's code. */
  readonly code = 'ERR_DEVICE'
}

/** A tensor was used after `dispose()` or after the scope that owned it had ended. */
export class DisposedError extends Error {
  /** The class' name. */
  override readonly name = 'DisposedError'
  /** The error's code. */
  readonly code = 'ERR_DISPOSED'
}

/** A file or a buffer does not hold what its format promises. */
export class FormatError extends Error {
  /** The class' name. */
  override readonly name = 'FormatError'
  /** The error's code. */
  readonly code = 'ERR_FORMAT'
}

/** A file is not there and could not be fetched. The message names where it was sought and where to put it by hand. */
export class DownloadError extends Error {
  /** The class' name. */
  override readonly name = 'DownloadError'
  /** The error's code. */
  readonly code = 'ERR_DOWNLOAD'
}

/** An op failed while it ran; thrown by the wait that reads its result, or the result of what was computed from it. */
export class ExecutionError extends Error {
  /** The class' name. */
  override readonly name = 'ExecutionError'
  /** The error's code. */
  readonly code = 'ERR_EXECUTION'
}

/** The gradient that was asked for cannot be computed: no graph, a graph already freed, a saved tensor changed. */
export class AutogradError extends Error {
  /** The class' name. */
  override readonly name = 'AutogradError'
  /** The error's code. */
  readonly code = 'ERR_AUTOGRAD'
}

/** A queue takes no more: it is full, or was closed. */
export class QueueError extends Error {
  /** The class' name. */
  override readonly name = 'QueueError'

  constructor(
    /** Whether it is full, or closed. */
    readonly code: 'ERR_QUEUE_FULL' | 'ERR_QUEUE_CLOSED',
    message: string,
  ) {
    super(message)
  }
}

/** How a received value reads in an error message. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(describe).join(', ')}]`
  if (value === null || typeof value !== 'object') return typeof value === 'function' ? 'a function' : String(value)
  const name = (value as { constructor?: { name?: string } }).constructor?.name
  return name ? `an instance of ${name}` : 'an object'
}
