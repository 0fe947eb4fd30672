export { Adadelta, type AdadeltaOptions, type AdadeltaState } from './adadelta.js'
export { Adagrad, type AdagradOptions, type AdagradState } from './adagrad.js'
export { Adam, type AdamOptions, type AdamState, AdamW } from './adam.js'
export { clipGradNorm, type ClipGradNormOptions, clipGradValue } from './clip.js'
export { EMA, type EMAOptions, type EMAStateDict } from './ema.js'
export { GradScaler, type GradScalerOptions, type GradScalerState, type ScaledOptimizer } from './gradScaler.js'
export { Lion, type LionOptions, type LionState } from './lion.js'
export * as lrScheduler from './lrScheduler/index.js'
export { NAdam, type NAdamOptions, type NAdamState } from './nadam.js'
export {
  type AnyOptimizer,
  type Memory,
  type OptimizedParams,
  Optimizer,
  type OptimizerOptions,
  type ParamGroup,
  type Params,
} from './optimizer.js'
export { RMSprop, type RMSpropOptions, type RMSpropState } from './rmsprop.js'
export { SGD, type SGDOptions, type SGDState } from './sgd.js'
export type { OptimizerStateDict, SavedGroup } from './state.js'
