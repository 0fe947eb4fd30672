export { Adam, type AdamOptions, type AdamState } from './adam.js'
export { Optimizer, type OptimizerOptions, type ParamGroup, type Params } from './optimizer.js'
export { SGD, type SGDOptions, type SGDState } from './sgd.js'
