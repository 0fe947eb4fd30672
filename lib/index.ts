export { Tensor } from './tensor.js'
export type { DType, TypedArray } from './dtype.js'
export { getDefaultDevice, setDefaultDevice, type Device, type DeviceLike } from './device.js'
export * as cuda from './cuda.js'
export { autocast, isAutocastEnabled, type AutocastOptions } from './autocast.js'
export { backends, type ConvAlgorithm } from './backends.js'
export type { Layout, Shape } from './shape.js'
export {
  AutogradError,
  DeviceError,
  DisposedError,
  DownloadError,
  DTypeError,
  ExecutionError,
  FormatError,
  ShapeError,
} from './errors.js'
export * from './create.js'
export * from './ops/activation.js'
export * from './ops/conv.js'
export * from './ops/convert.js'
export * from './ops/elementwise.js'
export * from './ops/indexing.js'
export * from './ops/join.js'
export * from './ops/linalg.js'
export * from './ops/loss.js'
export * from './ops/matmul.js'
export * from './ops/norm.js'
export * from './ops/pool.js'
export * from './ops/random.js'
export * from './ops/reduce.js'
export * from './ops/shape.js'
export * from './ops/slice.js'
export { toChannelsLast, toRowMajor, layoutConversions } from './layout.js'
export { enableGrad, isGradEnabled, noGrad } from './autograd.js'
export * as autograd from './tape/index.js'
export { backward, type BackwardOptions } from './tape/backward.js'
export type { HookHandle } from './hooks.js'
export { gradcheck, type GradcheckOptions } from './gradcheck.js'
export { keep, Scope, scope } from './scope.js'
export { memory, resetPeak, sync, type MemoryUse } from './memory.js'
export { defaultGenerator, Generator, manualSeed } from './random.js'
export { info, type Info } from './info.js'
export * as data from './data/index.js'
export * as io from './io/index.js'
export * as nn from './nn/index.js'
export * as optim from './optim/index.js'
export * as train from './train/index.js'
