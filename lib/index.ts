export { Tensor } from './tensor.js'
export type { ArrayOf, DType, DTypeOf, TypedArray } from './dtype.js'
export { getDefaultDevice, setDefaultDevice, type Device, type DeviceLike } from './device.js'
export * as cuda from './cuda.js'
export { autocast, isAutocastEnabled, type AutocastOptions } from './autocast.js'
export { backends, type ConvAlgorithm, type CpuConvAlgorithm } from './backends.js'
export { capture } from './capture/capture.js'
export { compile } from './capture/compile.js'
export type { Captured, CaptureOptions } from './capture/plans.js'
export type { Layout, Shape } from './shape.js'
export {
  AutogradError,
  DeviceError,
  DisposedError,
  DownloadError,
  DTypeError,
  ExecutionError,
  FormatError,
  QueueError,
  ShapeError,
} from './errors.js'
export * from './create.js'
export * from './ops/activation.js'
export type { Operand } from './ops/broadcast.js'
export type { Pair, Single, Sizes, Triple } from './ops/check.js'
export type { Padding } from './ops/window.js'
export * from './ops/compare.js'
export * from './ops/adaptivePool.js'
export * from './ops/conv.js'
export * from './ops/convert.js'
export { type ClassLossOptions, crossEntropy, type CrossEntropyOptions, nllLoss } from './ops/crossEntropy.js'
export * from './ops/elementwise.js'
export * from './ops/im2col.js'
export { groupNorm, instanceNorm, type InstanceNormOptions, layerNorm, type NormOptions } from './ops/groupNorm.js'
export * from './ops/indexing.js'
export * from './ops/join.js'
export * from './ops/interpolate.js'
export * from './ops/linalg.js'
export {
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  type BinaryLossOptions,
  huberLoss,
  type HuberOptions,
  klDiv,
  type KlDivOptions,
  l1Loss,
  type LogitsLossOptions,
  type LossOptions,
  mseLoss,
  smoothL1Loss,
  type SmoothL1Options,
} from './ops/loss.js'
export * from './ops/matmul.js'
export * from './ops/pad.js'
export { batchNorm, type BatchNormOptions } from './ops/norm.js'
export * from './ops/pool.js'
export {
  alphaDropout,
  dropout,
  dropout1d,
  dropout2d,
  dropout3d,
  type DropoutOptions,
  featureDropout,
} from './ops/random.js'
export * from './ops/reduce.js'
export * from './ops/repeat.js'
export * from './ops/scatter.js'
export { resample, type ResampleMode, type ResampleOptions } from './ops/resample.js'
export * from './ops/responseNorm.js'
export * from './ops/shape.js'
export * from './ops/slice.js'
export * from './ops/softmax.js'
export * from './ops/sort.js'
export * from './ops/standardize.js'
export * from './ops/statistics.js'
export * from './ops/transposed.js'
export { abs, clamp, exp, log, neg, scale, sign, sqrt, square } from './ops/unary.js'
export * from './ops/unpool.js'
export * from './ops/warp.js'
export * from './ops/weightedPool.js'
export { toChannelsLast, toRowMajor, layoutConversions } from './layout.js'
export { enableGrad, isGradEnabled, noGrad } from './autograd.js'
export * as autograd from './tape/index.js'
export { backward, type BackwardOptions } from './tape/backward.js'
export type { HookHandle } from './hooks.js'
export { gradcheck, type GradcheckOptions } from './gradcheck.js'
export { keep, Scope, scope } from './scope.js'
export { memory, resetPeak, sync, type MemoryUse } from './memory.js'
export { defaultGenerator, Generator, type GeneratorState, manualSeed } from './random.js'
export { info, type Info } from './info.js'
export * as data from './data/index.js'
export * as io from './io/index.js'
export * as models from './models/index.js'
export * as keras from './keras/index.js'
export * as nn from './nn/index.js'
export * as onnx from './onnx/index.js'
export * as optim from './optim/index.js'
export * as serve from './serve/index.js'
export * as train from './train/index.js'
export * as visualize from './visualize/index.js'
export * as transforms from './transforms/index.js'
export * as vision from './vision/index.js'
