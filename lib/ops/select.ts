// What the ops that index stand on.
import { alloc, allocLike } from '../alloc.js'
import { record } from '../autograd.js'
import { toLayout } from '../layout.js'
import { kernels } from '../native.js'
import { around, type Shape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { tracer } from '../tracer.js'
import { checkDType, checkSameDevice, checkTensor } from './check.js'

/** @throws {TypeError} {@link DisposedError} {@link DTypeError} {@link DeviceError} unless index is int32 beside `like` */
export function checkIndex(op: string, index: Tensor, name: string, like: Tensor): void {
  checkTensor(op, 'index', index)
  checkDType(op, 'index', index, 'int32')
  checkSameDevice(op, name, like, 'index', index)
}

/** Of x, the entries that `index` names along a dimension; of equal ones, the gradients are added. */
export function selectAlong(op: string, x: Tensor, dim: number, index: Tensor, skip = -1): Tensor {
  const [outer, n, inner] = around(x, dim)
  const y = allocLike(op, x, x.shape.with(dim, index.size))
  kernels.index_select(outer, n, index.size, inner, x.handle, index.handle, y.handle)
  tracer?.op('indexSelect', y, [x, index], { dim })
  const { shape } = x
  return record(op, y, [x], [index], (dy, _, [index]) => {
    const dx = allocLike(op, dy, shape)
    kernels.index_select_backward(outer, n, index.size, inner, skip, index.handle, dy.handle, dx.handle)
    return [dx]
  })
}

/** Indices from JavaScript on x's device. */
export function indexOn(op: string, x: Tensor, values: Int32Array): Tensor {
  const index = alloc(op, [values.length], 'int32', x.device).copy_(values)
  tracer?.constant(index)
  return index
}

/** Zeros of a shape, otherwise like x. */
export function zerosLike(op: string, x: Tensor, shape: Shape): Tensor {
  const y = allocLike(op, x, shape)
  kernels.fill(y.size, 0, y.handle)
  return y
}

/** Puts src's elements where the indices say along a dimension; y is written in place. */
export function scatterInto(y: Tensor, dim: number, index: Tensor, src: Tensor, unique: boolean): void {
  const [outer, n, inner] = around(y, dim)
  const m = index.shape[dim]!
  kernels.scatter(outer, n, m, inner, Number(unique), index.handle, src.handle, y.handle)
}

/** Zeros of a shape but where `index`, which names each place once, puts x along a dimension; off the tape. */
export function scattered(op: string, x: Tensor, shape: Shape, dim: number, index: Tensor): Tensor {
  const y = zerosLike(op, x, shape)
  scatterInto(y, dim, toLayout(index, x.layout), x, true)
  return y
}
