import { Add, Average, Concatenate, Maximum, Minimum, Multiply, Subtract } from '../../nn/merge.js'
import type { Module } from '../../nn/module.js'
import type { Size } from '../fields.js'
import type { Builder, Layer, Value } from '../layer.js'

/** Flattened images stay as they are where all of them are the same. */
function agreed(layer: Layer, inputs: readonly Value[]): Value[] {
  const same = inputs.every(({ image }) => image?.join() === inputs[0]!.image?.join())
  return same ? [...inputs] : inputs.map((x) => layer.settled(x))
}

const elementwise =
  (make: () => Module): Builder =>
  (layer, ...first) => {
    if (first.length < 2) layer.fail('at least two inputs', first.length)
    const module = make()
    return (...given) => {
      const inputs = agreed(layer, given)
      layer.checkRank(
        inputs.find((x) => x.shape.length !== inputs[0]!.shape.length) ?? inputs[0]!,
        inputs[0]!.shape.length,
      )
      const shape = inputs[0]!.shape.map((_, d): Size => {
        const sizes = new Set<Size>(inputs.map((x) => x.shape[d]!).filter((n) => n !== 1))
        if (sizes.size > 1 && !sizes.has(null))
          layer.fail(
            'inputs whose shapes broadcast',
            inputs.map((x) => x.shape),
          )
        return sizes.size === 0 ? 1 : sizes.has(null) ? null : [...sizes][0]!
      })
      return layer.call(module, inputs, shape, '', inputs[0]!.image)
    }
  }

const concatenate: Builder = (layer, ...first) => {
  const { fields } = layer
  const rank = first[0]!.shape.length
  const axis = fields.values.axis ?? -1
  const dim = axis === -1 ? rank - 1 : (axis as number) - 1
  if (!Number.isInteger(dim) || dim < 0 || dim >= rank) fields.fail('axis', `-1 or from 1 to ${rank}`)
  // Ours have channels in front.
  const module = new Concatenate(dim === rank - 1 ? 1 : dim + 2)
  return (...given) => {
    const inputs = given.map((x) => layer.settled(x))
    for (const x of inputs) layer.checkRank(x, rank)
    const shape = inputs[0]!.shape.map((n, d): Size => {
      const sizes = inputs.map((x) => x.shape[d]!)
      if (d === dim) return sizes.includes(null as never) ? null : sizes.reduce<number>((sum, n) => sum + n, 0)
      if (sizes.some((other) => other !== n))
        layer.fail(
          'inputs of one shape but for the axis',
          inputs.map((x) => x.shape),
        )
      return n
    })
    return layer.call(module, inputs, shape)
  }
}

export const mergeLayers: Readonly<Record<string, Builder>> = {
  Add: elementwise(() => new Add()),
  Subtract: (layer, ...inputs) => {
    if (inputs.length !== 2) layer.fail('two inputs', inputs.length)
    return elementwise(() => new Subtract())(layer, ...inputs)
  },
  Multiply: elementwise(() => new Multiply()),
  Average: elementwise(() => new Average()),
  Maximum: elementwise(() => new Maximum()),
  Minimum: elementwise(() => new Minimum()),
  Concatenate: concatenate,
}
