import { Flatten } from '../../nn/flatten.js'
import { Upsample } from '../../nn/upsample.js'
import { MAX_RANK } from '../../shape.js'
import type { Size } from '../fields.js'
import type { Builder, Layer, Value } from '../layer.js'
import { Permute, Reshape } from '../modules.js'
import { zeroPad } from './convolution.js'

/** @throws {FormatError} for a sample whose sizes depend on the input */
const known = (layer: Layer, { shape }: Value): number[] =>
  shape.map((n) => n ?? layer.fail('an input of known sizes', shape))

/** The image stays in our order; the next dense layer's weights are permuted. */
const flatten: Builder = (layer) => {
  const module = new Flatten()
  return (x) => {
    const sizes = known(layer, x)
    const size = product(sizes)
    const image = [sizes.at(-1)!, ...sizes.slice(0, -1)]
    const mixed = image.filter((n) => n > 1).length > 1
    if (sizes.length === 1) return layer.call(module, [x], sizes, '', x.image)
    return layer.call(module, [x], [size], '', mixed && image[0]! > 1 ? image : undefined)
  }
}

const reshape: Builder = (layer, x) => {
  const { values } = layer.fields
  const target = values.target_shape
  const size = product(known(layer, x))
  const fits = Array.isArray(target) && target.length > 0 && target.length < MAX_RANK
  if (!fits || !target.every((n) => Number.isSafeInteger(n) && ((n as number) > 0 || n === -1)))
    return layer.fields.fail('target_shape', 'a shape')
  const rest = size / product((target as number[]).filter((n) => n !== -1))
  const shape = (target as number[]).map((n) => (n === -1 ? rest : n))
  if (!Number.isInteger(rest) || product(shape) !== size || target.filter((n) => n === -1).length > 1)
    layer.fields.fail('target_shape', `a shape of ${size} elements`)
  const module = new Reshape(shape)
  return (x) => {
    if (product(known(layer, x)) !== size) layer.fail(`${size} elements`, x.shape)
    return layer.call(module, [layer.settled(x)], shape)
  }
}

const permute: Builder = (layer, x) => {
  const { dims } = layer.fields.values
  const rank = x.shape.length
  const each = Array.isArray(dims) ? (dims as unknown[]) : []
  if (each.length !== rank || !x.shape.every((_, i) => each.includes(i + 1)))
    layer.fields.fail('dims', `the numbers from 1 to ${rank}`)
  const module = new Permute(each as number[])
  return (x) => {
    layer.checkRank(x, rank)
    return layer.call(
      module,
      [layer.settled(x)],
      (each as number[]).map((d) => x.shape[d - 1]!),
    )
  }
}

const padding =
  (name: string, rank: number, sign: 1 | -1): Builder =>
  (layer, x) => {
    layer.checkRank(x, rank + 1)
    const ends = layer.fields.ends(name, rank)
    const module = zeroPad(ends.map(([a, b]) => [sign * a, sign * b] as const))
    return (x) => {
      const sides = x.shape.slice(0, -1).map((n, i): Size => {
        if (n === null) return null
        const size = n + sign * (ends[i]![0] + ends[i]![1])
        return size > 0 ? size : layer.fail(`an input larger than the ${name}`, x.shape)
      })
      return layer.call(module, [x], [...sides, x.shape.at(-1)!])
    }
  }

const upSampling =
  (rank: number): Builder =>
  (layer, x) => {
    const { fields } = layer
    layer.checkRank(x, rank + 1)
    const factors = fields.sizes('size', rank, 2)
    const mode = fields.word('interpolation', rank === 2 ? ['nearest', 'bilinear'] : ['nearest'], 'nearest')
    const module = new Upsample({ scaleFactor: factors, mode })
    return (x) => {
      const sides = x.shape.slice(0, -1).map((n, i) => (n === null ? null : n * factors[i]!))
      return layer.call(module, [x], [...sides, x.shape.at(-1)!])
    }
  }

const product = (sizes: readonly number[]): number => sizes.reduce((size, n) => size * n, 1)

export const shapeLayers: Readonly<Record<string, Builder>> = {
  Flatten: flatten,
  Reshape: reshape,
  Permute: permute,
  ...Object.fromEntries(
    [1, 2, 3].flatMap((rank) => [
      [`ZeroPadding${rank}D`, padding('padding', rank, 1)],
      [`Cropping${rank}D`, padding('cropping', rank, -1)],
      [`UpSampling${rank}D`, upSampling(rank)],
    ]),
  ),
}
