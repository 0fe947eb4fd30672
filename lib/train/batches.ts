import { DataLoader, type Dataset, IterableDataset } from '../data/index.js'
import { Tensor } from '../tensor.js'

/** What a model is given and what it should answer. */
export type Batch = readonly [input: Tensor, target: Tensor]

/**
 * Batches that can be gone through once per epoch: a DataLoader, an array, anything iterable. Those of an asynchronous
 * iterable are made for us and disposed after their step; those of an array stay their owner's.
 */
export type Batches<T = Batch> = (AsyncIterable<T> | Iterable<T>) & {
  /** Batches per epoch, where that is known: progress is shown by it. */
  readonly length?: number | undefined
}

/** Samples or batches of them. */
export type Source<T = Batch> = Batches<T> | Dataset<unknown, T> | IterableDataset<unknown>

/** The source itself when it yields batches, else a loader over it. */
export function toBatches<T>(source: Source<T>, batchSize: number, shuffle: boolean): Batches<T> {
  if (source instanceof IterableDataset) return new DataLoader<unknown, T>(source, { batchSize })
  if (Symbol.asyncIterator in source || Symbol.iterator in source) return source
  if (typeof source?.get === 'function') return new DataLoader<unknown, T>(source, { batchSize, shuffle })
  throw new TypeError('Trainer: expected a dataset or an iterable of batches')
}

/** Frees the tensors of a batch that was made for us. */
export function release(batches: Batches<unknown>, batch: Tensor | readonly Tensor[]): void {
  if (!(Symbol.asyncIterator in batches)) return
  for (const tensor of batch instanceof Tensor ? [batch] : batch) tensor.dispose()
}

/** The batches from one position to another, counted from 0; those before it are gone through and freed. */
export function part<T extends Tensor | readonly Tensor[]>(
  batches: Batches<T>,
  from: number,
  to = Infinity,
): Batches<T> {
  const length = batches.length === undefined ? undefined : Math.max(0, Math.min(batches.length, to) - from)
  if (!(Symbol.asyncIterator in batches)) {
    return {
      length,
      *[Symbol.iterator]() {
        let i = 0
        if (to <= 0) return
        for (const batch of batches) {
          if (i++ >= from) yield batch
          if (i >= to) return
        }
      },
    }
  }
  return {
    length,
    async *[Symbol.asyncIterator]() {
      let i = 0
      if (to <= 0) return
      for await (const batch of batches) {
        if (i++ >= from) yield batch
        else release(batches, batch)
        if (i >= to) return
      }
    },
  }
}
