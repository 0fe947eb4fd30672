import { noGrad } from '../autograd.js'
import { describe } from '../errors.js'
import { checkChild } from '../nn/members.js'
import { MSELoss } from '../nn/loss.js'
import { inMode } from '../nn/mode.js'
import type { Parameter } from '../nn/parameter.js'
import { type Layer, Sequential } from '../nn/sequential.js'
import { probability } from '../nn/validate.js'
import { clone } from '../ops/convert.js'
import { scale } from '../ops/unary.js'
import { dropout } from '../ops/random.js'
import { scope } from '../scope.js'
import type { Tensor } from '../tensor.js'
import { type Batch, type Batches, release, type Source, toBatches } from './batches.js'
import type { FitOptions, TrainerOptimizer, TrainerOptions } from './options.js'
import type { EpochRecord } from './records.js'
import { Trainer } from './trainer.js'

/** A part of a network and what turns its output back into its input. */
export interface Stage {
  /** Trained in place: the layers of the network that the weights are for, with what follows them. */
  encoder: Layer
  /** Only used here. */
  decoder: Layer
}

/** Options of {@link pretrainLayers}. */
export interface PretrainOptions extends Pick<FitOptions, 'epochs' | 'batchSize' | 'signal' | 'onEpoch'> {
  /** Makes the optimizer of a stage, for the parameters of its encoder and decoder. */
  optimizer: (parameters: Parameter[]) => TrainerOptimizer
  /** From reconstruction and input to a scalar; default the mean squared error. */
  loss?: TrainerOptions['loss']
  /** The share of inputs that are set to 0 before they are encoded, as in denoising autoencoders; default 0. */
  noise?: number
  /** As the trainer's. */
  progress?: TrainerOptions['progress']
}

/**
 * Trains the layers of a network one after the other, each as the encoder of an autoencoder that reconstructs what the
 * layers before it, which stay as they are, make of the inputs. Labels are not looked at. The network is then trained as
 * a whole.
 *
 * Sources: Bengio et al., "Greedy layer-wise training of deep networks", NIPS 2006; with noise: Vincent et al., "Stacked
 * denoising autoencoders", JMLR 2010.
 *
 * ```ts
 * await train.pretrainLayers(
 *   [
 *     { encoder: new nn.Sequential(fc1, new nn.Sigmoid()), decoder: new nn.Linear(256, 784) },
 *     { encoder: new nn.Sequential(fc2, new nn.Sigmoid()), decoder: new nn.Linear(64, 256) },
 *   ],
 *   inputs,
 *   { epochs: 5, optimizer: (parameters) => new optim.Adam(parameters) },
 * )
 * ```
 *
 * @param source batches `[input, …]`, or a dataset of such samples
 * @returns the records of each stage's epochs; `loss` is that of the reconstruction
 * @throws {TypeError} when stages are no modules, {RangeError} when there is none, or the noise is not from 0 to 1
 */
export async function pretrainLayers(
  stages: readonly Stage[],
  source: Source,
  options: PretrainOptions,
): Promise<EpochRecord[][]> {
  if (!Array.isArray(stages) || !stages.length)
    throw new RangeError(`pretrainLayers: expected at least one stage, got ${describe(stages)}`)
  const { optimizer, loss = new MSELoss(), noise = 0, progress, batchSize = 64, ...fit } = options
  probability('pretrainLayers', 'noise', noise)
  for (const [i, stage] of (stages as readonly Stage[]).entries())
    for (const name of ['encoder', 'decoder'] as const)
      checkChild('pretrainLayers', `${i}.${name}`, (stage as Partial<Stage> | undefined)?.[name] as Layer)
  const histories: EpochRecord[][] = []
  const encoders: Layer[] = []
  for (const { encoder, decoder } of stages as readonly Stage[]) {
    const model = new Sequential({ encoder, decoder })
    const trainer = new Trainer(model, { optimizer: optimizer([...model.parameters()]), loss, progress })
    const inputs = encoded(toBatches(source, batchSize, true), encoders, noise)
    histories.push(await trainer.fit(inputs, fit))
    encoders.push(encoder)
  }
  return histories
}

/** Batches of what a stage is given and what it is to reconstruct. */
function encoded(batches: Batches, encoders: readonly Layer[], noise: number): Batches {
  return {
    length: batches.length,
    async *[Symbol.asyncIterator]() {
      for await (const batch of batches)
        try {
          yield scope(() => noGrad(() => reconstruction(batch[0], encoders, noise)))
        } finally {
          release(batches, batch)
        }
    },
  }
}

function reconstruction(input: Tensor, encoders: readonly Layer[], noise: number): Batch {
  let target = clone(input)
  for (const encoder of encoders) target = inMode(encoder, false, () => encoder(target))
  return [noise > 0 ? scale(dropout(target, noise), 1 - noise) : clone(target), target]
}
