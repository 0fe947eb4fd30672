import { setImmediate } from 'node:timers/promises'
import { autocast, type AutocastOptions } from '../autocast.js'
import { noGrad } from '../autograd.js'
import type { DeviceLike } from '../device.js'
import { inMode } from '../nn/mode.js'
import type { Layer } from '../nn/sequential.js'
import { clone } from '../ops/convert.js'
import { cat } from '../ops/join.js'
import { scope } from '../scope.js'
import { Tensor } from '../tensor.js'
import { type Batch, type Source, release, toBatches } from './batches.js'

export interface PredictOptions {
  batchSize: number
  signal: AbortSignal
  device: DeviceLike | undefined
  autocast: AutocastOptions
}

/** Outputs of a model in evaluation mode, one after the other. A tensor goes through the model as it is. */
export async function predict(
  model: Layer,
  source: Tensor | Source<Tensor | Batch>,
  { batchSize, signal, device, autocast: precision }: PredictOptions,
): Promise<Tensor> {
  const run = (x: Tensor): Tensor =>
    scope(() => {
      const y = inMode(model, false, () => noGrad(() => autocast(precision, () => model(device ? x.to(device) : x))))
      return y === x ? clone(y) : y // outputs are disposed here, inputs are not ours
    })
  signal.throwIfAborted()
  const outputs: Tensor[] = []
  try {
    if (source instanceof Tensor) return run(source)
    const batches = toBatches(source, batchSize, false)
    for await (const batch of batches) {
      signal.throwIfAborted()
      try {
        outputs.push(run(batch instanceof Tensor ? batch : batch[0]))
      } finally {
        release(batches, batch)
      }
      await setImmediate()
    }
    if (!outputs.length) throw new RangeError('predict: expected at least one batch, got none')
    return cat(outputs, 0)
  } finally {
    for (const output of outputs) output.dispose()
  }
}
