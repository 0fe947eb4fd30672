import { tensorsIn } from '../scope.js'

/**
 * What `next` gives, with up to `ahead` results under way before they are asked for. A failure is thrown where its turn
 * comes, once. When the caller leaves early, or `stop` is aborted, what is under way is waited for and its tensors are freed.
 *
 * @param stop is aborted as it ends, so that what is under way need not be finished
 */
export async function* readAhead<T>(
  next: () => Promise<IteratorResult<T, unknown>>,
  ahead: number,
  stop: AbortController,
): AsyncGenerator<T, void, undefined> {
  const underWay: Promise<IteratorResult<T, unknown>>[] = []
  try {
    for (;;) {
      while (underWay.length <= ahead) {
        const result = next()
        result.catch(() => undefined) // thrown when its turn comes
        underWay.push(result)
      }
      const [first] = underWay
      const result = await first!
      stop.signal.throwIfAborted()
      void underWay.shift()
      if (result.done) return
      yield result.value
      stop.signal.throwIfAborted()
    }
  } finally {
    stop.abort()
    for (const result of await Promise.allSettled(underWay))
      if (result.status === 'fulfilled' && !result.value.done)
        for (const tensor of tensorsIn(result.value.value)) tensor.dispose()
  }
}
