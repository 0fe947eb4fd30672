import { crossEntropy, type data, type Device, log, type nn, type Tensor, train } from '../index.js'
import { networks } from './networks.js'
import type { Batch, Sample } from './parts.js'

type Loss = (output: Tensor, target: Tensor) => Tensor

/** Mean cross-entropy of what a network gives: logits, or, of some, probabilities. */
export function lossOf(network: string | undefined, labelSmoothing = 0): Loss {
  const { probabilities = false } = (network && networks[network]) || {}
  // The logarithms of probabilities are logits.
  return (output, target) => crossEntropy(probabilities ? log(output.add(1e-12)) : output, target, { labelSmoothing })
}

export interface Measured {
  /** Loss, accuracy and, of more than five classes, how often the right one is among the best five. */
  readonly figures: train.Measures
  /** Row: label, column: answer. */
  readonly confusion: train.Counts | undefined
}

/** How well a model does on labelled images. */
export async function measure(
  model: nn.Layer,
  images: data.DataLoader<Sample, Batch>,
  loss: Loss,
  device: Device,
  classes = Infinity,
): Promise<Measured> {
  const matrix = train.confusionMatrix()
  const metrics = [train.accuracy, ...(classes > 5 ? [train.topK(5)] : []), matrix]
  const figures = await new train.Trainer(model, { loss, metrics, device }).evaluate(images)
  return { figures, confusion: matrix.latest }
}
