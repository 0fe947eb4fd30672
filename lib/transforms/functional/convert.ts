import { isFloat, type DType } from '../../dtype.js'
import { describe, DTypeError } from '../../errors.js'
import { cast } from '../../ops/convert.js'
import { standardize } from '../../ops/standardize.js'
import { scale } from '../../ops/unary.js'
import { scope } from '../../scope.js'
import type { Tensor } from '../../tensor.js'
import { checkImage, whiteOf } from './image.js'

/**
 * An image in another dtype, with black and white kept: uint8 from 0 to 255, floats from 0 to 1, as torchvision's
 * `convert_image_dtype`. To bytes, floats are multiplied by 255.999 and rounded down.
 *
 * @param dtype uint8 or a float dtype
 * @throws {DTypeError} for another one
 */
export function convertImageDtype(x: Tensor, dtype: DType): Tensor {
  checkImage('convertImageDtype', x)
  if (dtype !== 'uint8' && !isFloat(dtype))
    throw new DTypeError(`convertImageDtype: expected uint8 or a float dtype, got ${describe(dtype)}`)
  if (dtype === x.dtype) return x
  if (isFloat(dtype) === isFloat(x.dtype)) return cast(x, dtype)
  return scope(() => {
    if (dtype === 'uint8') return cast(scale(x, 255.999), 'uint8')
    const floats = standardize(x, 0, 255, x.rank - 3)
    return cast(floats, dtype)
  })
}

/** Bytes from 0 to 255 as float32 from 0 to 1; floats as they are: torchvision's `to_tensor` of a decoded image. */
export const toTensor = (x: Tensor): Tensor => (isFloat(x.dtype) ? x : convertImageDtype(x, 'float32'))

/**
 * (x − mean) / std of each channel, of an image whose values lie between 0 and 1. Bytes are taken for 255ths and become
 * float32 in the same pass: `normalize(toTensor(x), …)`.
 *
 * @param mean one number per channel, or one for all
 * @param std likewise, not 0
 * @throws {ShapeError} unless there are as many numbers as channels; {@link RangeError} where std is 0
 */
export function normalize(x: Tensor, mean: number | readonly number[], std: number | readonly number[]): Tensor {
  checkImage('normalize', x)
  const white = whiteOf(x)
  const inUnits = (value: number | readonly number[]) =>
    typeof value === 'number' ? white * value : value.map((each) => white * each)
  return standardize(x, inUnits(mean), inUnits(std), x.rank - 3)
}
