import { describe, DTypeError, ShapeError } from '../errors.js'
import { indexSelect } from '../ops/indexing.js'
import { reshape } from '../ops/shape.js'
import { slice } from '../ops/slice.js'
import { scope } from '../scope.js'
import { showShape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import type { Collated } from './collate.js'

/** Samples by index, from 0 to `length - 1`. `get` may be synchronous or not. */
export interface Dataset<Sample, Batch = Collated<Sample>> {
  /** Samples. */
  readonly length: number
  /** The sample of an index. It may throw `SkipSample`. */
  get(index: number): Sample | Promise<Sample>
  /** A whole batch at once, where that is faster than collating single samples. */
  batch?(indices: Int32Array): Batch | Promise<Batch>
}

/** Sample i is row i of every tensor: `new TensorDataset(images, labels)`. */
export class TensorDataset<T extends readonly Tensor[]> implements Dataset<T, { -readonly [K in keyof T]: Tensor }> {
  /** Their first dimension is the samples'. */
  readonly tensors: T
  /** Samples: the size of the first dimension. */
  readonly length: number

  /** @throws {ShapeError} unless the first dimensions agree */
  constructor(...tensors: T) {
    const rows = tensors[0]?.shape[0]
    if (rows === undefined)
      throw new ShapeError('TensorDataset: expected tensors with at least one dimension, got none')
    for (const { shape } of tensors) {
      if (shape[0] === rows) continue
      throw new ShapeError(`TensorDataset: expected every first dimension to be ${rows}, got shape ${showShape(shape)}`)
    }
    this.tensors = tensors
    this.length = rows
  }

  /** Row `index` of every tensor. @throws {RangeError} when there is none */
  get(index: number): T {
    checkIndex('TensorDataset', index, this.length)
    const row = (x: Tensor) => reshape(slice(x, 0, index, index + 1), x.shape.slice(1))
    return scope(() => this.tensors.map(row)) as readonly Tensor[] as T
  }

  /** The last tensor, which holds the labels where it is int32 [N]. */
  async targets(): Promise<Int32Array> {
    const labels = this.tensors.at(-1)!
    if (labels.dtype === 'int32' && labels.rank === 1) return (await labels.data()) as Int32Array
    throw new DTypeError(
      `TensorDataset: expected labels, int32 [N], as the last tensor, got ${labels.dtype} ${showShape(labels.shape)}`,
    )
  }

  /** The rows of these indices, of every tensor. */
  batch(indices: Int32Array): { -readonly [K in keyof T]: Tensor } {
    return this.tensors.map((x) => indexSelect(x, 0, indices)) as { -readonly [K in keyof T]: Tensor }
  }
}

/** @throws {RangeError} unless there is a sample of that index */
export function checkIndex(name: string, index: number, length: number): void {
  if (Number.isInteger(index) && index >= 0 && index < length) return
  throw new RangeError(`${name}: expected a sample's index from 0 to ${length - 1}, got ${describe(index)}`)
}
