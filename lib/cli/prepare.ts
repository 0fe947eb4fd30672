import { type Tensor, transforms } from '../index.js'
import { UsageError } from './errors.js'

/** How images become what a network takes. */
export interface Preparation {
  /** 1 grey, 3 red, green and blue. */
  readonly channels: number
  readonly size: readonly [height: number, width: number]
  /** Of pixels between 0 and 1, per channel. */
  readonly mean: readonly number[]
  readonly std: readonly number[]
  /** The share of the shorter side of a photo that is taken, from its middle. */
  readonly crop: number
}

/** Of ImageNet's photos, and of these in grey. */
export const statistics = (channels: number): Pick<Preparation, 'mean' | 'std'> =>
  channels === 1 ? { mean: [0.449], std: [0.226] } : { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] }

/** Changes by which a network sees each image differently every time. */
export const augmentations = ['crop', 'flip', 'rotate', 'color', 'erase', 'randaugment'] as const
export type Augmentation = (typeof augmentations)[number]

/**
 * From bytes [C, H, W] or [N, C, H, W] to float32 of the network's size and channels.
 *
 * @param augment what to change at random; without `crop`, the middle of the image is taken
 * @param whole whether images have the network's proportions already: they are not cropped, but shifted
 */
export function transformOf(
  { channels, size, mean, std, crop }: Preparation,
  augment: readonly Augmentation[] = [],
  whole = false,
): transforms.Transform {
  return new transforms.Compose([
    (x) => withChannels(x, channels),
    ...(whole ? shifted(size, augment) : cropped(size, crop, augment)),
    ...changes(augment),
    new transforms.Normalize(mean, std),
  ])
}

const withChannels = (x: Tensor, channels: number): Tensor =>
  x.shape.at(-3) === channels ? x : transforms.functional.rgbToGrayscale(x, channels as 1 | 3)

const perSample = true

function shifted(size: Preparation['size'], augment: readonly Augmentation[]): transforms.TransformLike[] {
  const fit = (x: Tensor): Tensor =>
    x.shape.at(-2) === size[0] && x.shape.at(-1) === size[1] ? x : transforms.functional.resize(x, size)
  const padding = Math.ceil(Math.min(...size) / 8)
  return augment.includes('crop') ? [fit, new transforms.RandomCrop(size, { padding, perSample })] : [fit]
}

function cropped(
  size: Preparation['size'],
  crop: number,
  augment: readonly Augmentation[],
): transforms.TransformLike[] {
  if (augment.includes('crop')) return [new transforms.RandomResizedCrop(size, { scale: [0.25, 1], perSample })]
  const side = Math.round(Math.max(...size) / crop)
  return [new transforms.Resize(side), new transforms.CenterCrop(size)]
}

function changes(augment: readonly Augmentation[]): transforms.TransformLike[] {
  const made: Partial<Record<Augmentation, () => transforms.Transform>> = {
    flip: () => new transforms.RandomHorizontalFlip({ perSample }),
    rotate: () => new transforms.RandomRotation(15, { perSample }),
    color: () => new transforms.ColorJitter({ brightness: 0.2, contrast: 0.2, saturation: 0.2, perSample }),
    randaugment: () => new transforms.RandAugment({ perSample }),
    erase: () => new transforms.RandomErasing({ perSample }),
  }
  return augmentations.filter((name) => augment.includes(name)).flatMap((name) => made[name]?.() ?? [])
}

/**
 * `flip,crop` → ['crop', 'flip']; `none` → []
 * @throws {UsageError} for a word that is none
 */
export function parseAugment(text: string): Augmentation[] {
  if (text === 'none') return []
  const words = text.split(',')
  const strange = words.find((word) => !(augmentations as readonly string[]).includes(word))
  if (strange !== undefined)
    throw new UsageError(`--augment: expected none, or some of ${augmentations.join(',')}, got ${strange}`)
  return augmentations.filter((name) => words.includes(name))
}
