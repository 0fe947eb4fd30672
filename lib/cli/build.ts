import { nn, noGrad, type Tensor } from '../index.js'
import { replaceHead, replaceLayer } from '../models/head.js'
import { FormatError } from '../errors.js'
import { networks } from './networks.js'

type Weighted = nn.Linear | nn.Conv2d
const isWeighted = (module: nn.Module): module is Weighted => module instanceof nn.Linear || module instanceof nn.Conv2d

type Named = [path: string, layer: Weighted]
const weighted = (model: nn.Module): Named[] =>
  [...model.namedModules()].filter((each): each is Named => isWeighted(each[1]))

/** The first convolution, which looks at the image. */
const stemOf = (model: nn.Module): [string, nn.Conv2d] | undefined =>
  weighted(model).find((each): each is [string, nn.Conv2d] => each[1] instanceof nn.Conv2d)

/** What tells the classes apart. */
const headOf = (model: nn.Module): Named => weighted(model).at(-1)!

/** A network of the zoo for so many classes, and images of so many channels. */
export function build(name: string, classes: number, channels: number): nn.Layer {
  const { make, fixedClasses, classes: own } = networks[name]!
  const model = make({ numClasses: classes })
  if (fixedClasses && classes !== own) replaceHead(model, classes)
  const stem = stemOf(model)?.[1]
  if (stem && stem.inChannels !== channels) {
    const { outChannels, kernelSize, stride, padding, dilation, bias } = stem
    const other = new nn.Conv2d(channels, outChannels, kernelSize, {
      stride,
      padding,
      dilation,
      bias: bias !== undefined,
    })
    replaceLayer(model, stem, other)
  }
  return model
}

/** Whether a network takes images of any number of channels: those without convolution look at grey ones alone. */
export const takesAnyChannels = (name: string): boolean => name !== 'fashionDnn'

/** A network of the zoo for the classes and channels that weights of it are for, with these. */
export function buildFor(name: string, state: nn.StateDict, path: string): nn.Layer {
  const plain = build(name, 10, networks[name]!.channels)
  const [headPath] = headOf(plain)
  const stem = stemOf(plain)?.[0]
  const classes = state[`${headPath}.weight`]?.shape[0]
  if (classes === undefined)
    throw new FormatError(`${path}: expected weights of ${name}, with ${headPath}.weight, got ${someOf(state)}`)
  const model = build(name, classes, state[`${stem}.weight`]?.shape[1] ?? networks[name]!.channels)
  model.loadStateDict(withoutAuxiliary(state))
  return model.eval()
}

/**
 * Begins with weights that were trained for other images: a head for other classes stays new, and a first convolution for
 * colours is summed up for grey ones, which comes to the same as three equal channels, or spread over colours.
 *
 * @returns whether the head is new
 */
export function begin(model: nn.Module, state: nn.StateDict): boolean {
  const weights: nn.StateDict = { ...withoutAuxiliary(state) }
  const [headPath, head] = headOf(model)
  const own = model.stateDict()
  const other = weights[`${headPath}.weight`]?.shape[0] !== head.weight.shape[0]
  if (other)
    for (const name of ['weight', 'bias'].map((kind) => `${headPath}.${kind}`)) if (own[name]) weights[name] = own[name]
  const stem = stemOf(model)
  const key = `${stem?.[0]}.weight`
  if (stem && weights[key]) weights[key] = noGrad(() => forChannels(weights[key]!, stem[1].inChannels))
  model.loadStateDict(weights)
  return other
}

/** [out, in, kH, kW] */
function forChannels(weight: Tensor, channels: number): Tensor {
  const given = weight.shape[1]!
  if (given === channels || (given !== 1 && channels !== 1)) return weight
  const gray = weight.sum(1, { keepDim: true })
  return channels === 1 ? gray : gray.div(channels).repeat(1, channels, 1, 1)
}

/** Auxiliary classifiers help to train from nothing alone; networks here have none. */
const withoutAuxiliary = (state: nn.StateDict): nn.StateDict =>
  Object.fromEntries(Object.entries(state).filter(([name]) => !/^(aux[12]|AuxLogits)\./.test(name)))

const someOf = (state: nn.StateDict): string => `${Object.keys(state).slice(0, 4).join(', ')} …`
