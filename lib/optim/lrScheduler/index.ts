export { ChainedScheduler, SequentialLR } from './compose.js'
export {
  CosineAnnealingLR,
  type CosineAnnealingLROptions,
  CosineAnnealingWarmRestarts,
  type CosineAnnealingWarmRestartsOptions,
} from './cosine.js'
export { ExponentialLR, type GammaOptions, LambdaLR, type LRLambda, MultiStepLR, StepLR } from './decay.js'
export { OneCycleLR, type OneCycleLROptions } from './oneCycle.js'
export { ReduceLROnPlateau, type ReduceLROnPlateauOptions, type ReduceLROnPlateauStateDict } from './plateau.js'
export { LRScheduler, type SchedulerStateDict } from './scheduler.js'
export { ConstantLR, type ConstantLROptions, LinearLR, type LinearLROptions } from './warmUp.js'
