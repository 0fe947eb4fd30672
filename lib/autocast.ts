import { isHalf } from './dtype.js'
import { describe, DTypeError } from './errors.js'
import { refusePromise, type Synchronous } from './scope.js'
import type { Tensor } from './tensor.js'

/** Options of {@link autocast}. */
export interface AutocastOptions {
  /** What convolutions and matrix products compute in. Default 'float16', which needs a `GradScaler` to train. */
  dtype?: 'float16' | 'bfloat16'
  /** Default true. */
  enabled?: boolean
}

interface Cast {
  /** Of the parameter's storage, then. */
  readonly version: number
  /** Whether gradients flow through it. */
  readonly graded: boolean
  readonly y: Tensor
}

export interface Region {
  readonly dtype: 'float16' | 'bfloat16'
  /** Parameters as they were cast: one cast serves all uses of a parameter in the outermost region. */
  readonly casts: Map<Tensor, Cast>
}

let region: Region | undefined

/**
 * Runs a synchronous function, a forward pass and its loss, in mixed precision: on CUDA, `conv2d`, `matmul` and `linear`
 * compute in a half dtype; `softmax`, `logSoftmax`, `exp`, `log`, `pow`, `sum`, layer, group and local response norm and
 * the losses in float32; ops of several operands in the widest dtype among them; others in that of their operand.
 * Parameters stay float32. float64 is left alone, and so are tensors on CPUs. `backward()` is not affected: each op's
 * gradients are in the op's dtype.
 *
 * Source: Micikevicius et al., "Mixed precision training", ICLR 2018; the lists are PyTorch's.
 *
 * @throws {DTypeError} when dtype is no half dtype
 */
export function autocast<T>(options: AutocastOptions, fn: () => Synchronous<T>): T {
  const { dtype = 'float16', enabled = true } = options
  if (!isHalf(dtype)) throw new DTypeError(`autocast: expected dtype 'float16' or 'bfloat16', got ${describe(dtype)}`)
  if (!enabled) return within(undefined, fn)
  const casts: Region['casts'] = region?.dtype === dtype ? region.casts : new Map<Tensor, Cast>()
  return within({ dtype, casts }, fn)
}

/** The region that the running code is in. */
export const currentRegion = (): Region | undefined => region

/** Whether ops are cast now. */
export const isAutocastEnabled = (): boolean => region !== undefined

/** Ops are cast as in that region from now on, or not at all. Returns the region there was, to be entered again. */
export function enterRegion(inner: Region | undefined): Region | undefined {
  const outer = region
  region = inner
  return outer
}

function within<T>(inner: Region | undefined, fn: () => Synchronous<T>): T {
  const outer = enterRegion(inner)
  try {
    return refusePromise<T>('autocast', fn())
  } finally {
    region = outer
    if (inner && inner.casts !== outer?.casts) for (const { y } of inner.casts.values()) y.dispose()
  }
}
