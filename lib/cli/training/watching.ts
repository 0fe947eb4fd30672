import { join } from 'node:path'
import { type data, nn, train } from '../../index.js'
import { note } from '../output.js'
import type { Batch, Sample } from '../parts.js'
import type { Settings } from './folder.js'
import type { Images } from './images.js'

/** Those who show a run while it goes on: validation images with the model's answers, and what its first convolution makes of one. */
export async function watching(
  { dashboard: page, tensorboard, out }: Settings,
  { validation }: Images,
  model: nn.Module,
  classes: readonly string[],
): Promise<train.Callback[]> {
  const first = [...model.modules()].find((module) => module instanceof nn.Conv2d)
  const shown = {
    samples: validation.dataset as data.Dataset<Sample, Batch>,
    classes,
    ...(first && { featureMaps: [first] }),
  }
  const callbacks: train.Callback[] = []
  if (page) {
    const { dashboard } = await import('../../dashboard/index.js')
    const board = await dashboard({ title: out, ...shown })
    note(`dashboard: ${board.url}`)
    callbacks.push(board)
  }
  if (tensorboard) callbacks.push(new train.TensorBoard(join(out, 'tensorboard'), shown))
  return callbacks
}
