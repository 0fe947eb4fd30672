import { describe, ShapeError } from '../errors.js'
import type { Module } from '../nn/module.js'
import { checkTensor, checkWhole } from '../ops/check.js'
import { reshape } from '../ops/shape.js'
import { slice } from '../ops/slice.js'
import { Scope } from '../scope.js'
import { showShape } from '../shape.js'
import { Tensor } from '../tensor.js'
import { type Bitmap, image, type ScaleOptions } from './bitmap.js'
import { type GridOptions, makeGrid } from './grid.js'
import { findLayer, type LayerLike, watchLayers } from './layers.js'
import type { Picture } from './picture.js'
import { noGrad } from '../autograd.js'

/** Tiles of a grid; `normalize` and `scaleEach` are true and `padding` is 1 by default, and `padValue` 1: white. */
export type TileOptions = GridOptions & ScaleOptions

const TILES: GridOptions = { normalize: true, scaleEach: true, padding: 1, padValue: 1 }

export interface FilterOptions extends TileOptions {
  /** Show the filters' part for one input channel; default: all of it. */
  channel?: number
}

/**
 * The filters of a convolution as a grid. Filters of one or three channels are a tile each, in grey or in colour; others
 * are a row each, with a grey tile for every channel.
 *
 * @param layer a convolution over images, or its weight [K, C, R, S]
 * @throws {ShapeError} for another shape, {RangeError} when there is no such channel
 */
export async function filters(
  layer: Module | Tensor,
  { channel, scale, ...options }: FilterOptions = {},
): Promise<Picture> {
  const weight: unknown = layer instanceof Tensor ? layer : (layer as { weight?: unknown } | undefined)?.weight
  if (!(weight instanceof Tensor))
    throw new TypeError(`filters: expected a convolution or its weight, got ${describe(layer)}`)
  checkTensor('filters', 'weight', weight)
  if (weight.rank !== 4) throw new ShapeError(`filters: expected a weight [K, C, R, S], got ${showShape(weight.shape)}`)
  const [k, c, r, s] = weight.shape as [number, number, number, number]
  if (channel !== undefined && checkWhole('filters', 'channel', channel, 0) >= c)
    throw new RangeError(`filters: expected a channel from 0 to ${c - 1}, got ${channel}`)
  const apart = c !== 1 && c !== 3 && channel === undefined
  const nrow = apart ? c : Math.ceil(Math.sqrt(k))
  using work = new Scope()
  const grid = work.run(() =>
    noGrad(() => {
      const chosen = channel === undefined ? weight.detach() : slice(weight, 1, channel, channel + 1)
      return makeGrid(apart ? reshape(chosen, [k * c, 1, r, s]) : chosen, { ...TILES, nrow, ...options })
    }),
  )
  return await image(grid, { scale })
}

export interface FeatureMapOptions extends TileOptions {
  /** Which image of the batch; default 0. */
  sample?: number
}

/**
 * What a layer makes of an image, a tile for each channel.
 *
 * @param layer one that gives [N, C, H, W], or its path
 * @param input as the model takes it
 * @throws {ShapeError} when the layer gives something else, {RangeError} when the model has no such layer, or the run
 *   does not reach it, or the batch has no such sample
 */
export async function featureMaps(
  model: Module,
  layer: LayerLike,
  input: Tensor,
  { sample = 0, scale, ...options }: FeatureMapOptions = {},
): Promise<Bitmap> {
  checkTensor('featureMaps', 'input', input)
  const { path } = findLayer('featureMaps', model, layer)
  using work = new Scope()
  const grid = work.run(() =>
    noGrad(() => {
      const maps = watchLayers('featureMaps', model, input, [layer]).seen.get(path)
      if (!maps) throw new RangeError(`featureMaps: expected a layer that gives a tensor in this run, got '${path}'`)
      if (maps.rank !== 4)
        throw new ShapeError(`featureMaps: expected '${path}' to give [N, C, H, W], got ${showShape(maps.shape)}`)
      const [n, c, h, w] = maps.shape as [number, number, number, number]
      if (checkWhole('featureMaps', 'sample', sample, 0) >= n)
        throw new RangeError(`featureMaps: expected a sample from 0 to ${n - 1}, got ${sample}`)
      const tiles = reshape(slice(maps, 0, sample, sample + 1), [c, 1, h, w])
      return makeGrid(tiles, { ...TILES, nrow: Math.ceil(Math.sqrt(c)), ...options })
    }),
  )
  return await image(grid, { scale })
}
