export { Adam, type AdamOptions, type AdamState } from './adam.js'
export { GradScaler, type GradScalerOptions, type GradScalerState, type ScaledOptimizer } from './gradScaler.js'
export { Optimizer, type OptimizerOptions, type ParamGroup, type Params } from './optimizer.js'
export { SGD, type SGDOptions, type SGDState } from './sgd.js'
