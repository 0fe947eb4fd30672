export { readImages, type ReadImages, type ReadImagesOptions, type SkippedImage } from './batch.js'
export { decodeImage, readImage, type ReadOptions } from './decode.js'
export { encodeImage, type EncodeOptions, type ImageFormat, writeImage, type WriteOptions } from './encode.js'
export type { ImageMode, PixelOptions } from './pixels.js'
