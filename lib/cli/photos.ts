// A folder of photos as a dataset, which threads that load batches make again: see `data.fromModule`.
import { data, vision } from '../index.js'
import { type Augmentation, type Preparation, transformOf } from './prepare.js'

export interface PhotosOptions extends Preparation {
  readonly root: string
  readonly augment: readonly Augmentation[]
  /** The label that stands for each. */
  readonly renamed?: Int32Array | undefined
}

export default function photos({ root, augment, renamed, ...preparation }: PhotosOptions): data.ImageFolder {
  return new data.ImageFolder(root, {
    targetTransform: renamed && ((label) => renamed[label]!),
    transform: transformOf(preparation, augment),
    loader: (path) =>
      vision.readImage(path, { mode: preparation.channels === 1 ? 'gray' : 'rgb', applyExifOrientation: true }),
    onError: 'skip',
  })
}
