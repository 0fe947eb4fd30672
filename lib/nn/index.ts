export * from './activation.js'
export {
  AdaptiveAvgPool1d,
  AdaptiveAvgPool2d,
  AdaptiveAvgPool3d,
  AdaptiveMaxPool1d,
  AdaptiveMaxPool2d,
  AdaptiveMaxPool3d,
} from './adaptivePool.js'
export * from './conv.js'
export { DataParallel, type DataParallelOptions } from './dataParallel.js'
export { ModuleDict, ParameterDict } from './dict.js'
export { Ensemble, type EnsembleOptions } from './ensemble.js'
export { Embedding, type EmbeddingModuleOptions } from './embedding.js'
export type { FactoryOptions } from './factory.js'
export { Flatten, Unflatten } from './flatten.js'
export { Identity } from './identity.js'
export { AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d } from './dropout.js'
export { type AffineOptions, GroupNorm, LayerNorm, type NormOptions } from './groupNorm.js'
export * as init from './init.js'
export { InstanceNorm1d, InstanceNorm2d, InstanceNorm3d, type InstanceNormOptions } from './instanceNorm.js'
export { Linear, type LinearOptions } from './linear.js'
export { ModuleList, ParameterList } from './list.js'
export { Add, Average, Concatenate, Lambda, Maximum, Minimum, Multiply, Subtract } from './merge.js'
export { Model, type ModelOptions } from './model.js'
export {
  BCELoss,
  BCEWithLogitsLoss,
  type ClassLossOptions,
  CrossEntropyLoss,
  HuberLoss,
  KLDivLoss,
  L1Loss,
  type LossOptions,
  MSELoss,
  NLLLoss,
  type Reduction,
  SmoothL1Loss,
} from './loss.js'
export { Module } from './module.js'
export { BatchNorm1d, BatchNorm2d, BatchNorm3d, type BatchNormOptions } from './norm.js'
export * from './pad.js'
export { Parameter } from './parameter.js'
export { AvgPool1d, AvgPool2d, AvgPool3d, MaxPool1d, MaxPool2d, MaxPool3d } from './pool.js'
export type {
  AvgPool1dOptions,
  AvgPool2dOptions,
  AvgPool3dOptions,
  MaxPool1dOptions,
  MaxPool2dOptions,
  MaxPool3dOptions,
} from '../ops/pool.js'
export * from './separable.js'
export { LocalResponseNorm } from './responseNorm.js'
export { type Layer, Sequential } from './sequential.js'
export { LogSoftmax, Softmax } from './softmax.js'
export type { LoadOptions, LoadReport, StateDict } from './state.js'
export { type LayerSummary, type Summary, type SummaryOptions, summary } from './summary.js'
export { input, type Symbolic, SymbolicTensor } from './symbolic.js'
export * from './transposed.js'
export { MaxUnpool1d, MaxUnpool2d, MaxUnpool3d, type MaxUnpoolOptions } from './unpool.js'
export { Upsample } from './upsample.js'
export type { Pair, Single, Triple } from './validate.js'
export { WeightedAvgPool2d } from './weightedPool.js'
