import { type nn, optim, type train } from '../../index.js'
import type { TrainOptions } from '../commands/train.js'

type Options = Pick<TrainOptions, 'optimizer' | 'lr' | 'momentum' | 'weightDecay'>
type Groups = readonly { params: nn.Parameter[]; lr: number }[]

/** Learning rates that suit most networks here. */
const rates = { sgd: 0.05, adam: 1e-3, adamw: 1e-3, nadam: 2e-3, rmsprop: 1e-3, adagrad: 1e-2, adadelta: 1, lion: 1e-4 }

/** Of the options, or what suits the optimizer. */
export const rateOf = ({ optimizer, lr }: Pick<Options, 'optimizer' | 'lr'>): number => lr ?? rates[optimizer]

/** @param parameters all, or in groups with a learning rate each */
export function makeOptimizer(parameters: Iterable<nn.Parameter> | Groups, options: Options): optim.AnyOptimizer {
  const { optimizer, momentum, weightDecay } = options
  const params = [...parameters] as nn.Parameter[]
  const common = { lr: rateOf(options), ...(weightDecay !== undefined && { weightDecay }) }
  switch (optimizer) {
    case 'sgd':
      return new optim.SGD(params, { ...common, momentum, nesterov: momentum > 0 })
    case 'rmsprop':
      return new optim.RMSprop(params, { ...common, momentum })
    case 'adam':
      return new optim.Adam(params, common)
    case 'adamw':
      return new optim.AdamW(params, common)
    case 'nadam':
      return new optim.NAdam(params, common)
    case 'adagrad':
      return new optim.Adagrad(params, common)
    case 'adadelta':
      return new optim.Adadelta(params, common)
    case 'lion':
      return new optim.Lion(params, common)
  }
}

/** How the learning rate changes in so many epochs of so many steps; undefined where it does not. */
export function makeSchedule(
  optimizer: optim.AnyOptimizer,
  { schedule, epochs, momentum, optimizer: name }: Pick<TrainOptions, 'schedule' | 'epochs' | 'momentum' | 'optimizer'>,
  stepsPerEpoch: number,
): train.Schedule | undefined {
  const { CosineAnnealingLR, ExponentialLR, OneCycleLR, ReduceLROnPlateau, StepLR } = optim.lrScheduler
  const totalSteps = epochs * stepsPerEpoch
  switch (schedule) {
    case 'none':
      return undefined
    case 'cosine':
      return { scheduler: new CosineAnnealingLR(optimizer, totalSteps), per: 'step' }
    case 'onecycle': {
      const cycles = /adam|lion/.test(name) || (/sgd|rmsprop/.test(name) && momentum > 0)
      const rates = optimizer.paramGroups.map(({ lr }) => lr)
      return { scheduler: new OneCycleLR(optimizer, rates, { totalSteps, cycleMomentum: cycles }), per: 'step' }
    }
    case 'step':
      return { scheduler: new StepLR(optimizer, Math.max(1, Math.ceil(epochs / 3))) }
    case 'exponential':
      return { scheduler: new ExponentialLR(optimizer, 0.01 ** (1 / epochs)) }
    case 'plateau':
      return { scheduler: new ReduceLROnPlateau(optimizer, { patience: 2 }), monitor: 'validationLoss' }
  }
}
