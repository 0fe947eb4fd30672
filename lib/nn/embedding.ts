import { noGrad } from '../autograd.js'
import { full } from '../create.js'
import { embedding } from '../ops/indexing.js'
import { scatter } from '../ops/scatter.js'
import { scope } from '../scope.js'
import type { Tensor } from '../tensor.js'
import { emptyParameter, type FactoryOptions } from './factory.js'
import { normal_ } from './init.js'
import { Module } from './module.js'
import type { Parameter } from './parameter.js'
import { positiveInteger } from './validate.js'

export interface EmbeddingModuleOptions extends FactoryOptions {
  /** The row that starts as zeros and learns nothing; −1 is the last. Default: none. */
  paddingIdx?: number
}

/** A learnt row of numbers for each index: int32 of any shape → [..., embeddingDim]. */
export class Embedding extends Module {
  /** Rows of the table. */
  readonly numEmbeddings: number
  /** Elements of a row. */
  readonly embeddingDim: number
  /** The row that starts at 0 and is not learnt. */
  readonly paddingIdx: number | undefined
  /** [numEmbeddings, embeddingDim], at first N(0, 1) */
  weight: Parameter

  /** @throws {RangeError} when a size is not a positive integer, or there is no row `paddingIdx` */
  constructor(numEmbeddings: number, embeddingDim: number, options: EmbeddingModuleOptions = {}) {
    super()
    this.numEmbeddings = positiveInteger('Embedding', 'numEmbeddings', numEmbeddings)
    this.embeddingDim = positiveInteger('Embedding', 'embeddingDim', embeddingDim)
    const { paddingIdx } = options
    if (paddingIdx !== undefined && !(Number.isInteger(paddingIdx) && Math.abs(paddingIdx + 0.5) < numEmbeddings))
      throw new RangeError(
        `Embedding: expected paddingIdx from ${-numEmbeddings} to ${numEmbeddings - 1}, got ${paddingIdx}`,
      )
    this.paddingIdx = paddingIdx !== undefined && paddingIdx < 0 ? paddingIdx + numEmbeddings : paddingIdx
    this.weight = emptyParameter('Embedding', [numEmbeddings, embeddingDim], options)
    normal_(this.weight, 0, 1, options.generator)
    if (this.paddingIdx !== undefined) this.clearRow(this.paddingIdx)
  }

  /**
   * @param index int32 of any shape
   * @returns the rows, [...index.shape, embeddingDim]
   * @throws {ExecutionError} at the reading wait, when an index is out of range
   */
  forward(index: Tensor): Tensor {
    return embedding(this.weight, index, { paddingIdx: this.paddingIdx })
  }

  private clearRow(row: number): void {
    const { weight, embeddingDim } = this
    scope(() =>
      noGrad(() => {
        const at = full([1, embeddingDim], row, { dtype: 'int32', device: weight.device })
        weight.copy_(scatter(weight, 0, at, 0))
      }),
    )
  }

  override extraRepr(): string {
    const padding = this.paddingIdx === undefined ? '' : `, padding_idx=${this.paddingIdx}`
    return `${this.numEmbeddings}, ${this.embeddingDim}${padding}`
  }
}
