export {
  RandomAffine,
  type RandomAffineOptions,
  RandomRotation,
  type RandomRotationOptions,
  type TurnOptions,
} from './affine.js'
export {
  ColorJitter,
  type ColorJitterOptions,
  Grayscale,
  RandomGrayscale,
  type RandomGrayscaleOptions,
} from './color.js'
export {
  Compose,
  type DrawOptions,
  Lambda,
  RandomApply,
  type RandomApplyOptions,
  RandomChoice,
  type RandomChoiceOptions,
} from './compose.js'
export { ConvertImageDtype, Normalize, ToTensor } from './convert.js'
export { RandomCrop, type RandomCropOptions, RandomResizedCrop, type RandomResizedCropOptions } from './crop.js'
export { RandomErasing, type RandomErasingOptions } from './erasing.js'
export { type RandomFlipOptions, RandomHorizontalFlip, RandomVerticalFlip } from './flip.js'
export * as functional from './functional/index.js'
export { CutMix, type MixOptions, MixUp } from './mix.js'
export { RandAugment, type RandAugmentOptions } from './randAugment.js'
export { type RandomOptions, RandomTransform, type Range } from './random.js'
export { CenterCrop, Pad, Resize } from './size.js'
export { Transform, type TransformLike } from './transform.js'
