import { AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d } from '../../nn/dropout.js'
import { LayerNorm } from '../../nn/groupNorm.js'
import { BatchNorm1d, BatchNorm2d, BatchNorm3d } from '../../nn/norm.js'
import type { Builder, Layer, Value } from '../layer.js'
import { ChannelNorm, Rescaling } from '../modules.js'
import { elementwise, ordered, simple } from './activation.js'

/** @throws {FormatError} unless the layer normalises over the last axis */
function checkAxis({ fields }: Layer, { shape }: Value): void {
  const axis = [fields.values.axis ?? -1].flat()
  if (axis.length !== 1 || (axis[0] !== -1 && axis[0] !== shape.length)) fields.fail('axis', 'the last one')
}

/** Keras' momentum is that of the old statistics, ours the weight of the new. */
const batchNorm: Builder = (layer, x) => {
  const { fields } = layer
  checkAxis(layer, x)
  layer.checkRank(x, 1, 2, 3, 4)
  const features = layer.channels(x)
  const [scale, center] = [fields.flag('scale', true), fields.flag('center', true)]
  const each = [features]
  layer.expect([scale && ['gamma', each], center && ['beta', each], ['moving_mean', each], ['moving_variance', each]])
  const Norm = x.shape.length <= 2 ? BatchNorm1d : x.shape.length === 3 ? BatchNorm2d : BatchNorm3d
  const module = new Norm(features, {
    eps: fields.number('epsilon', 1e-3),
    momentum: 1 - fields.number('momentum', 0.99),
    affine: scale || center,
    bias: center,
  })
  layer.load(module, (weights) => ordered(weights, x))
  if (!scale && module.weight) module.weight.requiresGrad = false // all ones, which Keras does not have
  return elementwise(layer, module)
}

const layerNorm: Builder = (layer, x) => {
  const { fields } = layer
  checkAxis(layer, x)
  const features = layer.channels(x)
  const [scale, center] = [fields.flag('scale', true), fields.flag('center', true)]
  layer.expect([scale && ['gamma', [features]], center && ['beta', [features]]])
  const options = { eps: fields.number('epsilon', 1e-3), elementwiseAffine: scale || center, bias: center }
  const module = x.shape.length > 1 ? new ChannelNorm(features, options) : new LayerNorm(features, options)
  layer.load(module, (weights) => ordered(weights, x))
  if (!scale && module.weight) module.weight.requiresGrad = false
  return elementwise(layer, module)
}

const rate = ({ fields }: Layer): number => fields.number('rate', 0.5)

export const normalizationLayers: Readonly<Record<string, Builder>> = {
  BatchNormalization: batchNorm,
  BatchNormalizationV1: batchNorm,
  LayerNormalization: layerNorm,
  Dropout: simple((layer) => {
    if (layer.fields.has('noise_shape')) layer.fields.fail('noise_shape', 'null')
    return new Dropout(rate(layer))
  }),
  SpatialDropout1D: simple((layer) => new Dropout1d(rate(layer))),
  SpatialDropout2D: simple((layer) => new Dropout2d(rate(layer))),
  SpatialDropout3D: simple((layer) => new Dropout3d(rate(layer))),
  AlphaDropout: simple((layer) => new AlphaDropout(rate(layer))),
  Rescaling: simple(({ fields }) => new Rescaling(fields.number('scale'), fields.number('offset', 0))),
}
