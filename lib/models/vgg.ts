import { ReLU } from '../nn/activation.js'
import { AdaptiveAvgPool2d } from '../nn/adaptivePool.js'
import { Conv2d } from '../nn/conv.js'
import { Dropout } from '../nn/dropout.js'
import { normal_, zeros_ } from '../nn/init.js'
import { Linear } from '../nn/linear.js'
import { Module } from '../nn/module.js'
import { BatchNorm2d } from '../nn/norm.js'
import { MaxPool2d } from '../nn/pool.js'
import { type Layer, Sequential } from '../nn/sequential.js'
import type { Tensor } from '../tensor.js'
import { initConvolutions } from './init.js'
import type { ClassifierOptions, DropoutOption, InitOption } from './options.js'

/** Options of the functions `vgg11` to `vgg19Bn`. */
export type VGGOptions = ClassifierOptions & DropoutOption & InitOption

/** Convolutions of 3×3 before each of the five pools, by depth. */
const depths = {
  11: [1, 1, 2, 2, 2],
  13: [2, 2, 2, 2, 2],
  16: [2, 2, 3, 3, 3],
  19: [2, 2, 4, 4, 4],
} as const

const widths = [64, 128, 256, 512, 512]

function makeLayers(depth: keyof typeof depths, batchNorm: boolean): Sequential {
  const layers: Layer[] = []
  let channels = 3
  for (const [stage, count] of depths[depth].entries()) {
    const width = widths[stage]!
    for (let i = 0; i < count; i++) {
      layers.push(new Conv2d(channels, width, 3, { padding: 1 }))
      if (batchNorm) layers.push(new BatchNorm2d(width))
      layers.push(new ReLU())
      channels = width
    }
    layers.push(new MaxPool2d(2))
  }
  return new Sequential(layers)
}

/**
 * [N, 3, 224, 224] (32×32 and more) → logits [N, numClasses]. 132,863,336 (VGG-11) to 143,667,240 parameters (VGG-19).
 * Source: Simonyan and Zisserman, "Very deep convolutional networks for large-scale image recognition", ICLR 2015.
 */
export class VGG extends Module {
  /** [N, 3, 224, 224] → [N, 512, 7, 7]. */
  features: Layer
  /** To [N, 512, 7, 7], whatever the image's size. */
  avgpool = new AdaptiveAvgPool2d(7)
  /** [N, 25088] → [N, numClasses]: three linear layers. */
  classifier: Sequential

  /**
   * @param features from images to 512 channels
   * @param options dropout: default 0.5
   */
  constructor(features: Layer, { numClasses = 1000, dropout = 0.5, initWeights = true }: VGGOptions = {}) {
    super()
    this.features = features
    this.classifier = new Sequential(
      new Linear(512 * 7 * 7, 4096),
      new ReLU(),
      new Dropout(dropout),
      new Linear(4096, 4096),
      new ReLU(),
      new Dropout(dropout),
      new Linear(4096, numClasses),
    )
    if (!initWeights) return
    initConvolutions(this)
    for (const module of this.classifier.children()) {
      if (!(module instanceof Linear)) continue
      normal_(module.weight, 0, 0.01)
      zeros_(module.bias!)
    }
  }

  /**
   * @param x [N, 3, H, W]; 224 as trained
   * @returns logits [N, numClasses]
   */
  forward(x: Tensor): Tensor {
    return this.classifier(this.avgpool(this.features(x)).flatten(1))
  }
}

const maker =
  (depth: keyof typeof depths, batchNorm: boolean) =>
  (options: VGGOptions = {}): VGG =>
    new VGG(makeLayers(depth, batchNorm), options)

/** See {@link VGG}. */
export const vgg11 = maker(11, false)
/** See {@link VGG}. */
export const vgg13 = maker(13, false)
/** See {@link VGG}. */
export const vgg16 = maker(16, false)
/** See {@link VGG}. */
export const vgg19 = maker(19, false)
/** {@link VGG} with batch norm after each convolution; torchvision's vgg11_bn. */
export const vgg11Bn = maker(11, true)
/** {@link VGG} with batch norm after each convolution; torchvision's vgg13_bn. */
export const vgg13Bn = maker(13, true)
/** {@link VGG} with batch norm after each convolution; torchvision's vgg16_bn. */
export const vgg16Bn = maker(16, true)
/** {@link VGG} with batch norm after each convolution; torchvision's vgg19_bn. */
export const vgg19Bn = maker(19, true)
