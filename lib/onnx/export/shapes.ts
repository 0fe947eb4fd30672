import { isFloat } from '../../dtype.js'
import type { Tensor } from '../../tensor.js'
import type { Builder } from './builder.js'
import type { Converter, Converters } from './converters.js'

/** The end of a slice that goes as far as there are elements. */
const FAR = Number.MAX_SAFE_INTEGER

const reshape: Converter = (to, { operands: [x], result }) => to.node('Reshape', [to.value(x), to.ints(result.shape)])

const slice: Converter = (to, { operands: [x], options }) => {
  const { axis, start, end, step } = options as Record<'axis' | 'start' | 'end' | 'step', number>
  const last = end === (x as Tensor).shape[axis] ? FAR : end
  return to.node('Slice', [to.value(x), ...[start, last, axis, step].map((n) => to.ints([n]))])
}

const PAD_MODES = { constant: 'constant', reflect: 'reflect', replicate: 'edge', circular: 'wrap' } as const

const pad: Converter = (to, { operands: [x], options }) => {
  const { ends, mode, value } = options as {
    ends: readonly (readonly [number, number])[]
    mode: keyof typeof PAD_MODES
    value: number
  }
  if (!isFloat((x as Tensor).dtype)) to.fail(`of dtype ${(x as Tensor).dtype}`)
  if (mode === 'circular' && to.opset < 19) to.fail("mode 'circular' is there from opset 19 on")
  const pads = to.ints([...ends.map(([before]) => before), ...ends.map(([, after]) => after)])
  return to.node('Pad', [to.value(x), pads, to.value(value)], { mode: { text: PAD_MODES[mode] } })
}

/** x with the cells that `index` names along a dimension. */
const picked = (to: Builder, x: string, index: string, axis: number): string =>
  to.node('Gather', [x, index], { axis: { int: axis } })

const interpolate: Converter = (to, { operands: [x], options, result }) => {
  const { mode, alignCorners, sides } = options as {
    mode: string
    alignCorners: boolean
    sides: readonly { output: number; scale: number }[]
  }
  const cells = (x as Tensor).shape.slice(2)
  // Between cells, runtimes round in their own ways; picking cells by number leaves nothing to round.
  if (mode === 'nearest')
    return sides.reduce((y, { output, scale }, i) => {
      const from = Array.from({ length: output }, (_, at) => Math.min(Math.floor(at * scale), cells[i]! - 1))
      const whole = output % cells[i]! === 0 && scale === cells[i]! / output
      return whole && output === cells[i] ? y : picked(to, y, to.ints(from), i + 2)
    }, to.value(x))
  const exact = alignCorners || sides.every(({ output, scale }, i) => Math.abs(scale - cells[i]! / output) < 1e-9)
  if (!exact) to.fail('of a scaleFactor that sizes are no multiple of; give size instead')
  const coordinates = alignCorners ? 'align_corners' : 'half_pixel'
  return to.node('Resize', [to.value(x), '', '', to.ints(result.shape)], {
    mode: { text: 'linear' },
    coordinate_transformation_mode: { text: coordinates },
  })
}

export const shapeConverters: Converters = {
  reshape,
  slice,
  pad,
  interpolate,
  permute: (to, { operands: [x], options }) =>
    to.node('Transpose', [to.value(x)], { perm: { ints: (options as { order: number[] }).order } }),
  cat: (to, { operands, options }) =>
    to.node(
      'Concat',
      operands.map((x) => to.value(x)),
      { axis: { int: (options as { axis: number }).axis } },
    ),
  expand: (to, { operands: [x], result }) => to.node('Expand', [to.value(x), to.ints(result.shape)]),
  tile: (to, { operands: [x], options }) => {
    const { dim, times } = options as { dim: number; times: number }
    return to.node('Tile', [to.value(x), to.ints((x as Tensor).shape.map((_, d) => (d === dim ? times : 1)))])
  },
  indexSelect: (to, { operands: [x, index], options }) =>
    picked(to, to.value(x), to.value(index), (options as { dim: number }).dim),
  gather: (to, { operands: [x, index], options }) =>
    to.node('GatherElements', [to.value(x), to.value(index)], { axis: { int: (options as { axis: number }).axis } }),
}
