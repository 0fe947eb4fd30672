export { cifar10, cifar100, type Cifar100Options, type CifarOptions } from './cifar.js'
export { type ClassImages, type ClassImagesOptions, loadClasses, type SkippedFile } from './classImages.js'
export { classCounts, type Labelled, warnImbalance } from './counts.js'
export { findClasses, IMAGE_EXTENSIONS, ImageFolder, type ImageFolderOptions } from './imageFolder.js'
export type { Collate } from './fetch.js'
export { type Collated, collate } from './collate.js'
export { type Dataset, TensorDataset } from './dataset.js'
export { extractArchive } from './archive/extract.js'
export type { ExtractOptions } from './archive/target.js'
export { digits, type DigitsOptions } from './digits.js'
export { fetchFile, type FetchOptions, type Progress } from './download.js'
export { type IdxArray, type IdxData, parseIdx, readIdx } from './idx.js'
export { ImageDataset, type ImageDatasetOptions, type Normalization, type Pictures } from './images.js'
export { IterableDataset } from './iterable.js'
export { type Batches, DataLoader, type DataLoaderOptions, type LoaderState } from './loader.js'
export { LabelledImages, loadSplits, mergeClasses, saveSplits } from './merge.js'
export { notMnist, type NotMnistOptions } from './notMnist.js'
export { fashionMnist, mnist, type MnistOptions } from './mnist.js'
export {
  BatchSampler,
  RandomSampler,
  type RandomSamplerOptions,
  type Sampler,
  type SamplerOptions,
  SequentialSampler,
  SubsetRandomSampler,
} from './sampler.js'
export { SkipSample } from './samples.js'
export { ConcatDataset, randomSplit, Subset } from './subset.js'
export { WeightedRandomSampler, type WeightedRandomSamplerOptions } from './weighted.js'
export { fromModule } from './workers/module.js'
