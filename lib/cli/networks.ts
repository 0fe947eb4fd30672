import { models, type nn } from '../index.js'
import { UsageError } from './errors.js'

/** A network of the zoo, as the command line knows it. */
export interface Network {
  readonly make: (options: { numClasses: number }) => nn.Layer
  /** Of the images that it was made for. */
  readonly channels: 1 | 3
  /** Side of the images that it was made for. */
  readonly size: number
  /** The smallest side of images that it takes too; without it, there is only `size`. */
  readonly least?: number
  /** That it tells apart if nothing else is said. */
  readonly classes: number
  /** Whether it has always so many, and its head is replaced where there are others. */
  readonly fixedClasses?: boolean
  /** Whether it ends with probabilities, not with logits. */
  readonly probabilities?: boolean
}

type Maker = Network['make']

const photos = (make: Maker, least = 8, size = 224, classes = 1000): Network => ({
  make,
  channels: 3,
  size,
  least,
  classes,
})
const digits = (make: Maker, rest: Partial<Network> = {}): Network => ({
  make,
  channels: 1,
  size: 28,
  classes: 10,
  fixedClasses: true,
  ...rest,
})

/** By the names of their functions in `models`. */
export const networks: Readonly<Record<string, Network>> = {
  lenet5: digits(models.lenet5, { fixedClasses: false }),
  alexnet: photos(models.alexnet, 63),
  alexnetOriginal: { make: models.alexnetOriginal, channels: 3, size: 227, classes: 1000 },
  vgg11: photos(models.vgg11, 32),
  vgg11Bn: photos(models.vgg11Bn, 32),
  vgg13: photos(models.vgg13, 32),
  vgg13Bn: photos(models.vgg13Bn, 32),
  vgg16: photos(models.vgg16, 32),
  vgg16Bn: photos(models.vgg16Bn, 32),
  vgg19: photos(models.vgg19, 32),
  vgg19Bn: photos(models.vgg19Bn, 32),
  googlenet: photos((options) => models.googlenet({ ...options, auxLogits: false }), 16),
  inceptionV3: photos((options) => models.inceptionV3({ ...options, auxLogits: false }), 75, 299),
  resnet18: photos(models.resnet18),
  resnet34: photos(models.resnet34),
  resnet50: photos(models.resnet50),
  resnet101: photos(models.resnet101),
  resnet152: photos(models.resnet152),
  resnet20: photos(models.resnet20, 8, 32, 10),
  resnet32: photos(models.resnet32, 8, 32, 10),
  resnet56: photos(models.resnet56, 8, 32, 10),
  squeezenet1_0: photos(models.squeezenet1_0, 24),
  squeezenet1_1: photos(models.squeezenet1_1, 20),
  mobilenetV1: photos(models.mobilenetV1),
  mobilenetV2: photos(models.mobilenetV2),
  xception: photos(models.xception, 8, 299),
  simpleConvNet: digits(() => models.simpleConvNet()),
  mnistCnn: digits(models.mnistCnn),
  mnistBn: digits(models.mnistBn, { probabilities: true }),
  fashionDnn: digits(models.fashionDnn),
  fashionCnn: digits(models.fashionCnn),
}

const bare = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '')

/** The network that is called so; undefined where there is none. */
export const findNetwork = (text: string): string | undefined =>
  Object.keys(networks).find((name) => bare(name) === bare(text))

/**
 * A network's name as `models` has it: `resnet-18`, `ResNet18` and `mobilenet_v2` do too.
 * @throws {UsageError} for one that there is not
 */
export function networkName(text: string): string {
  const name = findNetwork(text)
  if (name !== undefined) return name
  throw new UsageError(`expected a network among ${Object.keys(networks).join(', ')}, got ${text}`)
}
