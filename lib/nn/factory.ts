import { alloc } from '../alloc.js'
import { type DeviceLike, parseDevice } from '../device.js'
import { type DType, isFloat } from '../dtype.js'
import { describe, DTypeError } from '../errors.js'
import type { Generator } from '../random.js'
import type { Tensor } from '../tensor.js'
import { fans, kaimingUniform_, uniform_ } from './init.js'
import { Parameter } from './parameter.js'

/** Where a layer's parameters live and what their first values are drawn from. */
export interface FactoryOptions {
  /** default: the one of `setDefaultDevice()`, at first 'cpu' */
  device?: DeviceLike
  /** default 'float32' */
  dtype?: DType
  /** default: the default generator, which `manualSeed` seeds */
  generator?: Generator
}

/** A parameter without values. Those of rank 4 and 5, convolution weights, lie channels-last as the kernels want them. */
export function emptyParameter(owner: string, shape: number[], options: FactoryOptions): Parameter {
  const { dtype = 'float32' } = options
  if (!isFloat(dtype)) throw new DTypeError(`${owner}: expected a float dtype, got ${describe(dtype)}`)
  const layout = shape.length === 4 || shape.length === 5 ? 'channelsLast' : 'rowMajor'
  const memory = alloc(owner, shape, dtype, parseDevice(options.device), layout)
  const parameter = new Parameter(memory)
  memory.dispose()
  return parameter
}

/** PyTorch's first values of linear and convolution layers: weight and bias uniform in ±1/√fanIn. */
export function resetFan(weight: Tensor, bias: Tensor | undefined, generator?: Generator): void {
  kaimingUniform_(weight, { a: Math.sqrt(5), generator })
  const bound = 1 / Math.sqrt(fans(weight).fanIn)
  if (bias) uniform_(bias, -bound, bound, generator)
}
