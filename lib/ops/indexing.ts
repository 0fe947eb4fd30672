import { alloc, allocLike } from '../alloc.js'
import { isGradEnabled } from '../autograd.js'
import { AutogradError, ShapeError } from '../errors.js'
import { kernels } from '../native.js'
import { sizeOf } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { checkDType, checkSameDevice, checkShapeIs, checkTensor } from './check.js'

/**
 * Rows of x (entries along its first dimension) picked by index, for data sets; not differentiable.
 * @param indices int32 [M], or a JavaScript Int32Array
 * @throws {ExecutionError} on reading, when an index is out of range
 */
export function gatherRows(x: Tensor, indices: Tensor | Int32Array): Tensor {
  checkTensor('gatherRows', 'x', x)
  if (x.requiresGrad && isGradEnabled())
    throw new AutogradError('gatherRows: expected a tensor that requires no gradient; detach() it')
  if (x.rank === 0) throw new ShapeError('gatherRows: expected rows, got a scalar')
  let index: Tensor
  if (indices instanceof Int32Array) index = alloc('gatherRows', [indices.length], 'int32', x.device).copy_(indices)
  else {
    checkTensor('gatherRows', 'indices', indices)
    checkShapeIs('gatherRows', 'indices', indices, ['M'])
    checkDType('gatherRows', 'indices', indices, 'int32')
    checkSameDevice('gatherRows', 'x', x, 'indices', indices)
    index = indices
  }
  const [rows, ...row] = x.shape as [number, ...number[]]
  const y = allocLike('gatherRows', x, [index.size, ...row])
  kernels.gather_rows(rows, index.size, sizeOf(row), x.handle, index.handle, y.handle)
  if (index !== indices) index.dispose()
  return y
}
