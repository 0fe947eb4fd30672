import { type Pooling, readPoolWords } from '../../ops/pooling.js'
import { Tensor } from '../../tensor.js'
import { ELEMENT } from '../schema.js'
import type { Builder } from './builder.js'
import type { Converter, Converters } from './converters.js'
import { castTo } from './elementwise.js'

type Axis = ReturnType<typeof readPoolWords>['axes'][number]

interface Windows {
  readonly axes: readonly Axis[]
  readonly includePad: boolean
  readonly divisor: number
}

/** Windows of one size; those of adaptive pools, if they are of one. */
function windows(to: Builder, pooling: Pooling): Windows {
  const { axes, adaptive, includePad, divisor } = readPoolWords(pooling)
  if (!adaptive) return { axes, includePad, divisor }
  const even = axes.map((axis) => {
    const kernel = axis.size / axis.output
    if (!Number.isInteger(kernel)) to.fail(`${axis.size} cells make no ${axis.output} windows of one size`)
    return { ...axis, kernel, stride: kernel, before: 0, after: 0, dilation: 1 }
  })
  return { axes: even, includePad, divisor }
}

/** What must be added at the far end for the last window, which ceil mode leaves incomplete. */
const end = ({ size, output, kernel, stride, before, after, dilation }: Axis): number =>
  Math.max(after, (output - 1) * stride + dilation * (kernel - 1) + 1 - size - before)

const attributes = (axes: readonly Axis[]) => ({
  kernel_shape: { ints: axes.map(({ kernel }) => kernel) },
  strides: { ints: axes.map(({ stride }) => stride) },
  pads: { ints: [...axes.map(({ before }) => before), ...axes.map(end)] },
})

const maxPool: Converter = (to, { operands: [x], options }) => {
  const { axes } = windows(to, options as Pooling)
  const dilations = { ints: axes.map(({ dilation }) => dilation) }
  const y = to.node('MaxPool', [to.value(x)], { ...attributes(axes), dilations })
  return (options as { relu: boolean }).relu ? to.node('Relu', [y]) : y
}

/** Cells of each window that count along one axis: those up to the padding, which ceil mode may exceed. */
const counted = (axis: Axis): number[] =>
  Array.from({ length: axis.output }, (_, i) => {
    const start = i * axis.stride - axis.before
    return Math.min(start + axis.kernel, axis.size + axis.after) - start
  })

const avgPool: Converter = (to, { operands: [x], options }) => {
  const { axes, includePad, divisor } = windows(to, options as Pooling)
  const whole = axes.reduce((product, { kernel }) => product * kernel, 1)
  const counts = axes.map(counted)
  const partial = counts.some((list, i) => list.some((count) => count !== axes[i]!.kernel))
  const all = includePad || divisor > 0
  const y = to.node('AveragePool', [to.value(x)], { ...attributes(axes), count_include_pad: { int: Number(all) } })
  if (divisor > 0) return to.node('Mul', [y, to.value(whole / divisor)])
  if (!all || !partial) return y
  // The mean over the whole window, brought to the cells that count.
  const shares = counts.reduce<number[]>((outer, list) => outer.flatMap((a) => list.map((b) => a * b)), [1])
  const shape = [1, 1, ...axes.map(({ output }) => output)]
  return to.node('Mul', [
    y,
    to.floats(
      shares.map((count) => whole / count),
      shape,
    ),
  ])
}

/** @param since the opset in which axes became an input */
const reduction =
  (name: string, since: number): Converter =>
  (to, { operands: [x], options }) => {
    const { dims, keepDim } = options as { dims: readonly number[]; keepDim: boolean }
    const { rank } = x as Tensor
    const spatial = rank > 2 && dims.length === rank - 2 && dims.every((d) => d >= 2)
    if (name === 'ReduceMean' && spatial && keepDim) return to.node('GlobalAveragePool', [to.value(x)])
    const keepdims = { int: Number(keepDim) }
    if (!dims.length) return to.node('Identity', [to.value(x)])
    return to.opset < since
      ? to.node(name, [to.value(x)], { axes: { ints: dims }, keepdims })
      : to.node(name, [to.value(x), to.ints(dims)], { keepdims })
  }

const place =
  (name: string): Converter =>
  (to, { operands: [x], options }) => {
    const axis = { int: (options as { dim: number }).dim }
    return castTo(to, to.node(name, [to.value(x)], { axis, keepdims: { int: 1 } }), ELEMENT.int32)
  }

export const poolConverters: Converters = {
  maxPool,
  avgPool,
  sum: reduction('ReduceSum', 13),
  mean: reduction('ReduceMean', 18),
  max: reduction('ReduceMax', 18),
  min: reduction('ReduceMin', 18),
  argmax: place('ArgMax'),
  argmin: place('ArgMin'),
  cumsum: (to, { operands: [x], options }) =>
    to.node('CumSum', [to.value(x), to.ints([(options as { dim: number }).dim], [])]),
}
