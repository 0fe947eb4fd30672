import { optim, type Tensor } from 'convcore'

/** Every optimizer, by its name. */
export const makers = {
  SGD: (params: Iterable<Tensor>, options: object): optim.AnyOptimizer => new optim.SGD(params, options),
  Adam: (params: Iterable<Tensor>, options: object): optim.AnyOptimizer => new optim.Adam(params, options),
  AdamW: (params: Iterable<Tensor>, options: object): optim.AnyOptimizer => new optim.AdamW(params, options),
  NAdam: (params: Iterable<Tensor>, options: object): optim.AnyOptimizer => new optim.NAdam(params, options),
  Adagrad: (params: Iterable<Tensor>, options: object): optim.AnyOptimizer => new optim.Adagrad(params, options),
  RMSprop: (params: Iterable<Tensor>, options: object): optim.AnyOptimizer => new optim.RMSprop(params, options),
  Adadelta: (params: Iterable<Tensor>, options: object): optim.AnyOptimizer => new optim.Adadelta(params, options),
  Lion: (params: Iterable<Tensor>, options: object): optim.AnyOptimizer => new optim.Lion(params, options),
}

export type OptimizerName = keyof typeof makers
