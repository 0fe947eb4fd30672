import { collectLater } from '../garbage.js'
import { Tensor } from '../tensor.js'

/** A tensor that training changes: shares the memory of the tensor it is made of, requires gradients, is in no scope. */
export class Parameter extends Tensor {
  /** @throws DTypeError unless the dtype is a float one */
  constructor(data: Tensor) {
    super(data.storage.retain(), data.shape, data.dtype, data.device, data.layout)
    collectLater(this, 'Parameter')
    this.requiresGrad = true
  }
}
