import type { DType } from '../dtype.js'
import type { Tensor } from '../tensor.js'
import { convertImageDtype, normalize, toTensor } from './functional/convert.js'
import { Transform } from './transform.js'

/** Bytes from 0 to 255 as float32 from 0 to 1; floats stay. */
export class ToTensor extends Transform {
  forward(x: Tensor): Tensor {
    return toTensor(x)
  }
}

/** See {@link convertImageDtype}. */
export class ConvertImageDtype extends Transform {
  constructor(
    /** Of the result. */
    readonly dtype: DType = 'float32',
  ) {
    super()
  }

  forward(x: Tensor): Tensor {
    return convertImageDtype(x, this.dtype)
  }
}

/**
 * (x − mean) / std of each channel, for images between 0 and 1. Bytes are taken for 255ths, so that no `ToTensor` is needed
 * before: one pass over them does both.
 */
export class Normalize extends Transform {
  /** @param mean one number per channel, or one for all; @param std likewise, not 0 */
  constructor(
    readonly mean: number | readonly number[],
    readonly std: number | readonly number[],
  ) {
    super()
  }

  forward(x: Tensor): Tensor {
    return normalize(x, this.mean, this.std)
  }
}
