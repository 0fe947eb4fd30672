import { allocLike } from '../alloc.js'
import type { DType } from '../dtype.js'
import { kernels } from '../native.js'
import { checkDim, checkDims } from '../shape.js'
import { Tensor } from '../tensor.js'
import { checkDType, checkFloats, checkShapeIs, checkTensor, checkWhole } from './check.js'
import { clone } from './convert.js'
import { checkIndex, indexOn, scattered, selectAlong } from './select.js'
import { reshape } from './shape.js'

/**
 * The entries of x that `index` names along a dimension.
 * @param index int32 [M], or a JavaScript Int32Array
 * @returns of x's shape, with M along `dim`
 * @throws {ShapeError} when x has no such dimension, or the index is no vector
 * @throws {ExecutionError} on reading, when an index is out of range
 */
export function indexSelect<D extends DType>(
  x: Tensor<D>,
  dim: number,
  index: Tensor<'int32'> | Int32Array,
): Tensor<D> {
  checkTensor('indexSelect', 'x', x)
  const axis = checkDim('indexSelect', dim, x.rank)
  if (index instanceof Int32Array) {
    const given = indexOn('indexSelect', x, index)
    const y = selectAlong('indexSelect', x, axis, given)
    given.dispose()
    return y
  }
  checkIndex('indexSelect', index, 'x', x)
  checkShapeIs('indexSelect', 'index', index, ['M'])
  return selectAlong('indexSelect', x, axis, index)
}

/**
 * x backwards along some dimensions; copied.
 * @throws {ShapeError} when x has no such dimension, or one is named twice
 */
export function flip<D extends DType>(x: Tensor<D>, dims: number | readonly number[]): Tensor<D> {
  checkTensor('flip', 'x', x)
  let y = x
  for (const dim of checkDims('flip', dims, x.rank)) {
    const n = x.shape[dim]!
    const index = indexOn(
      'flip',
      x,
      Int32Array.from({ length: n }, (_, i) => n - 1 - i),
    )
    y = selectAlong('flip', y, dim, index)
    index.dispose()
  }
  return y === x ? clone(x) : y
}

/** Options of {@link embedding}. */
export interface EmbeddingOptions {
  /** The row that gets no gradient; −1 is the last. Default: none. */
  paddingIdx?: number
}

/**
 * A row of weights for each index.
 * @param weight [rows, features]
 * @param index int32 of any shape
 * @returns [...index.shape, features]
 * @throws {ShapeError} {@link DTypeError} {@link DeviceError} when the operands do not fit
 * @throws {RangeError} when there is no row `paddingIdx`
 * @throws {ExecutionError} on reading, when an index is out of range
 */
export function embedding(weight: Tensor, index: Tensor<'int32'>, options: EmbeddingOptions = {}): Tensor {
  checkFloats('embedding', { weight })
  checkShapeIs('embedding', 'weight', weight, ['rows', 'features'])
  checkIndex('embedding', index, 'weight', weight)
  const [rows, features] = weight.shape as [number, number]
  const { paddingIdx } = options
  if (paddingIdx !== undefined && !(Number.isInteger(paddingIdx) && paddingIdx >= -rows && paddingIdx < rows))
    throw new RangeError(`embedding: expected paddingIdx from ${-rows} to ${rows - 1}, got ${paddingIdx}`)
  const skip = paddingIdx === undefined ? -1 : paddingIdx < 0 ? paddingIdx + rows : paddingIdx
  const y = selectAlong('embedding', weight, 0, reshape(index, [index.size]), skip)
  return reshape(y, [...index.shape, features])
}

/**
 * A row of zeros with a 1 at the index, for each index.
 * @param index int32 of any shape
 * @returns int32 [...index.shape, numClasses]
 * @throws {RangeError} unless numClasses is a whole number from 1 on
 * @throws {ExecutionError} on reading, when an index is not from 0 to numClasses − 1
 */
export function oneHot(index: Tensor<'int32'>, numClasses: number): Tensor<'int32'> {
  checkTensor('oneHot', 'index', index)
  checkDType('oneHot', 'index', index, 'int32')
  checkWhole('oneHot', 'numClasses', numClasses, 1)
  const column = reshape(index, [index.size, 1])
  const ones = allocLike('oneHot', column)
  kernels.fill(ones.size, 1, ones.handle)
  return reshape(scattered('oneHot', ones, [index.size, numClasses], 1, column), [...index.shape, numClasses])
}

declare module '../tensor.js' {
  interface Tensor<D extends DType = DType> {
    /** See {@link indexSelect}. */
    indexSelect(dim: number, index: Tensor<'int32'> | Int32Array): Tensor<D>
    /** See {@link flip}. */
    flip(dims: number | readonly number[]): Tensor<D>
  }
}
Tensor.prototype.indexSelect = function (dim, index) {
  return indexSelect(this, dim, index)
}
Tensor.prototype.flip = function (dims) {
  return flip(this, dims)
}
