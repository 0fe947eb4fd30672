import { enableGrad } from '../autograd.js'
import { tensor } from '../create.js'
import { isFloat } from '../dtype.js'
import { describe, DTypeError, ShapeError } from '../errors.js'
import type { Module } from '../nn/module.js'
import { relu } from '../ops/activation.js'
import { checkTensor } from '../ops/check.js'
import { div, maximum, mul } from '../ops/elementwise.js'
import { oneHot } from '../ops/indexing.js'
import { interpolate } from '../ops/interpolate.js'
import { argmax, max, mean, sum } from '../ops/reduce.js'
import { reshape } from '../ops/shape.js'
import { scope } from '../scope.js'
import { showShape } from '../shape.js'
import { grad } from '../tape/backward.js'
import { Tensor } from '../tensor.js'
import { findLayer, type LayerLike, watchLayers } from './layers.js'

/** Options of {@link gradCam}. */
export interface GradCamOptions {
  /** The class asked for, for all images or one for each; default: the one that the model gives. */
  classes?: number | readonly number[]
  /** Whether each map is divided by its greatest value; default true. */
  normalize?: boolean
  /** Whether maps have the input's size, by bilinear interpolation, rather than the layer's; default true. */
  resize?: boolean
}

/**
 * Where a model sees a class in images: the feature maps of a layer, each weighted by the mean of the gradient of the
 * class's logit, added up, without what is negative. The model runs in evaluation mode; no gradient of its parameters is
 * touched.
 *
 * Source: Selvaraju et al., "Grad-CAM: visual explanations from deep networks via gradient-based localization", ICCV 2017.
 *
 * @param model from images to logits [N, K]
 * @param layer one that gives [N, C, h, w], mostly the last convolution, or its path
 * @param input [N, C, H, W]
 * @returns [N, H, W], from 0 to 1
 * @throws {ShapeError} when the model, the layer or the input has other shapes; {RangeError} when the model has no such
 *   layer or class; {DTypeError} unless the input is of floats
 */
export function gradCam(model: Module, layer: LayerLike, input: Tensor, options: GradCamOptions = {}): Tensor {
  const { classes, normalize = true, resize = true } = options
  checkTensor('gradCam', 'input', input)
  if (!isFloat(input.dtype)) throw new DTypeError(`gradCam: expected input of a float dtype, got ${input.dtype}`)
  if (input.rank !== 4) throw new ShapeError(`gradCam: expected input [N, C, H, W], got ${showShape(input.shape)}`)
  const { path } = findLayer('gradCam', model, layer)
  return scope(() => {
    const x = input.detach()
    x.requiresGrad = true // so that there is a tape where all parameters are frozen
    const { output, seen } = enableGrad(() => watchLayers('gradCam', model, x, [layer]))
    const maps = seen.get(path)
    if (!maps) throw new RangeError(`gradCam: expected a layer that gives a tensor in this run, got '${path}'`)
    if (maps.rank !== 4)
      throw new ShapeError(`gradCam: expected '${path}' to give [N, C, H, W], got ${showShape(maps.shape)}`)
    if (!(output instanceof Tensor) || output.rank !== 2 || output.shape[0] !== input.shape[0])
      throw new ShapeError(
        `gradCam: expected the model to give logits [${input.shape[0]}, K], ` +
          `got ${output instanceof Tensor ? showShape(output.shape) : describe(output)}`,
      )
    const chosen = enableGrad(() => sum(mul(output, mask(output, classes))))
    const [gradient] = grad(chosen, [maps])
    const weights = mean(gradient!, [2, 3], { keepDim: true })
    let heat = relu(sum(mul(weights, maps.detach()), 1, { keepDim: true }))
    if (resize) heat = interpolate(heat, { size: input.shape.slice(2), mode: 'bilinear' })
    const [n, , h, w] = heat.shape as [number, number, number, number]
    if (!normalize) return reshape(heat, [n, h, w])
    const rows = reshape(heat, [n, h * w])
    return reshape(div(rows, maximum(max(rows, 1, { keepDim: true }).values, 1e-12)), [n, h, w])
  })
}

/** 1 at each image's class, as the logits [N, K]. */
function mask(logits: Tensor, classes: number | readonly number[] | undefined): Tensor {
  const [n, k] = logits.shape as [number, number]
  if (classes === undefined) return oneHot(argmax(logits.detach(), 1), k).to(logits.dtype)
  const each = typeof classes === 'number' ? new Array<number>(n).fill(classes) : classes
  if (each.length !== n || !each.every((c) => Number.isSafeInteger(c) && c >= 0 && c < k))
    throw new RangeError(`gradCam: expected classes from 0 to ${k - 1}, one or ${n}, got ${describe(classes)}`)
  return oneHot(tensor(Int32Array.from(each), { device: logits.device }), k).to(logits.dtype)
}
