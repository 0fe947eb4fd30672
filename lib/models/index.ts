export { AlexNet, alexnet, type AlexNetOptions } from './alexnet.js'
export { AlexNetOriginal, alexnetOriginal } from './alexnetOriginal.js'
export { FashionCNN, fashionCnn, FashionDNN, fashionDnn } from './fashion.js'
export { fromCaffe } from './caffe.js'
export { type FineTuneOptions, FineTuning, fineTune, type OptimizerGroup } from './fineTune.js'
export { GoogLeNet, googlenet, type GoogLeNetOptions, type GoogLeNetOutputs } from './googlenet.js'
export { InceptionV3, inceptionV3, type InceptionV3Options, type InceptionV3Outputs } from './inception.js'
export { LeNet5, lenet5 } from './lenet.js'
export { MnistBN, mnistBn } from './mnistBn.js'
export { MnistCNN, mnistCnn } from './mnistCnn.js'
export { MobileNetV1, mobilenetV1, type MobileNetV1Options } from './mobilenetV1.js'
export { InvertedResidual, MobileNetV2, mobilenetV2, type MobileNetV2Options } from './mobilenetV2.js'
export type { Head } from './head.js'
export type { InceptionOptions } from './basicConv.js'
export type { ClassifierOptions, DropoutOption, InitOption } from './options.js'
export {
  BasicBlock,
  Bottleneck,
  ResNet,
  resnet101,
  resnet152,
  resnet18,
  resnet34,
  resnet50,
  type ResNetOptions,
} from './resnet.js'
export { CifarResNet, resnet20, resnet32, resnet56 } from './resnetCifar.js'
export { SimpleConvNet, simpleConvNet, type SimpleConvNetOptions } from './simpleConvNet.js'
export { Fire, SqueezeNet, squeezenet1_0, squeezenet1_1, type SqueezeNetOptions } from './squeezenet.js'
export { VGG, vgg11, vgg11Bn, vgg13, vgg13Bn, vgg16, vgg16Bn, vgg19, vgg19Bn, type VGGOptions } from './vgg.js'
export { Xception, xception } from './xception.js'
