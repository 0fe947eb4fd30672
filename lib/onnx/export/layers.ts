import type { Convolution } from '../../ops/convolution.js'
import { Tensor } from '../../tensor.js'
import type { Traced } from '../../tracer.js'
import type { Builder } from './builder.js'
import type { Converter, Converters } from './converters.js'

const constants = (to: Builder, shape: readonly number[], value: number): string =>
  to.floats(new Array<number>(shape.reduce((a, b) => a * b, 1)).fill(value), shape)

/** Parameters [C], or ones or zeros in their place. */
const orConstants = (to: Builder, given: Traced, shape: readonly number[], value: number): string =>
  given === undefined ? constants(to, shape, value) : to.value(given)

const around = ({ window }: Convolution): number[] => [
  ...window.map(({ before }) => before),
  ...window.map(({ after }) => after),
]

const convolutionAttributes = (g: Convolution) => ({
  kernel_shape: { ints: g.window.map(({ kernel }) => kernel) },
  strides: { ints: g.window.map(({ stride }) => stride) },
  dilations: { ints: g.window.map(({ dilation }) => dilation) },
  pads: { ints: around(g) },
  group: { int: g.groups },
})

const conv: Converter = (to, { operands, options }) =>
  to.node(
    'Conv',
    operands.map((x) => to.value(x)),
    convolutionAttributes(options as Convolution),
  )

// The window is that of the convolution whose adjoint it is: from the result's cells to x's.
const transposed: Converter = (to, { operands, options }) => {
  const g = options as Convolution
  const extra = g.window.map(({ size, output, stride, before, after, dilation, kernel }) => {
    const plain = (output - 1) * stride - before - after + dilation * (kernel - 1) + 1
    return size - plain
  })
  const attributes = { ...convolutionAttributes(g), output_padding: { ints: extra } }
  return to.node(
    'ConvTranspose',
    operands.map((x) => to.value(x)),
    attributes,
  )
}

/** With the last two dimensions exchanged. */
function swapped(to: Builder, x: Traced): string {
  const rank = (x as Tensor).rank
  const order = Array.from({ length: rank }, (_, d) => d)
  order.push(...order.splice(-2).reverse())
  return to.node('Transpose', [to.value(x)], { perm: { ints: order } })
}

const linear: Converter = (to, { operands: [x, weight, bias] }) => {
  if ((x as Tensor).rank === 2)
    return to.node('Gemm', [to.value(x), to.value(weight), to.value(bias)], { transB: { int: 1 } })
  const product = to.node('MatMul', [to.value(x), swapped(to, weight)])
  return bias === undefined ? product : to.node('Add', [product, to.value(bias)])
}

const matmul: Converter = (to, { operands: [a, b], options }) => {
  const { transposeA, transposeB } = options as { transposeA: boolean; transposeB: boolean }
  return to.node('MatMul', [transposeA ? swapped(to, a) : to.value(a), transposeB ? swapped(to, b) : to.value(b)])
}

const batchNorm: Converter = (to, { operands: [x, mean, variance, weight, bias, residual], options }) => {
  const { eps, relu } = options as { eps: number; relu?: boolean }
  const { shape } = mean as Tensor
  let y = to.node(
    'BatchNormalization',
    [
      to.value(x),
      orConstants(to, weight, shape, 1),
      orConstants(to, bias, shape, 0),
      to.value(mean),
      to.value(variance),
    ],
    { epsilon: { float: eps } },
  )
  if (residual !== undefined) y = to.node('Add', [y, to.value(residual)])
  return relu ? to.node('Relu', [y]) : y
}

const layerNorm: Converter = (to, { operands: [x, weight, bias], options }) => {
  const { dims, eps } = options as { dims: number; eps: number }
  if (to.opset < 17) to.fail('it is there from opset 17 on')
  const shape = (x as Tensor).shape.slice(-dims)
  const scale = orConstants(to, weight, shape, 1)
  return to.node('LayerNormalization', [to.value(x), scale, to.value(bias)], {
    axis: { int: -dims },
    epsilon: { float: eps },
  })
}

const instanceNorm: Converter = (to, { operands: [x, weight, bias], options }) => {
  const channels = [(x as Tensor).shape[1]!]
  return to.node(
    'InstanceNormalization',
    [to.value(x), orConstants(to, weight, channels, 1), orConstants(to, bias, channels, 0)],
    { epsilon: { float: (options as { eps: number }).eps } },
  )
}

// Groups as channels of an instance norm, which ONNX had long before it had group norm.
const groupNorm: Converter = (to, { operands: [x, weight, bias], options }) => {
  const { groups, eps } = options as { groups: number; eps: number }
  const { shape } = x as Tensor
  const grouped = to.node('Reshape', [to.value(x), to.ints([0, groups, -1])])
  const even = [constants(to, [groups], 1), constants(to, [groups], 0)]
  const normalised = to.node('InstanceNormalization', [grouped, ...even], { epsilon: { float: eps } })
  let y = to.node('Reshape', [normalised, to.ints(shape)])
  const each = (parameter: Traced) =>
    to.node('Reshape', [to.value(parameter), to.ints([shape[1]!, ...shape.slice(2).map(() => 1)])])
  if (weight !== undefined) y = to.node('Mul', [y, each(weight)])
  return bias === undefined ? y : to.node('Add', [y, each(bias)])
}

const responseNorm: Converter = (to, { operands: [x], options }) => {
  const { size, alpha, beta, k } = options as Record<'size' | 'alpha' | 'beta' | 'k', number>
  if (size % 2 === 0) to.fail(`of an even size as ${size}, the window lies otherwise in ONNX`)
  const floats = { alpha: { float: alpha }, beta: { float: beta }, bias: { float: k } }
  return to.node('LRN', [to.value(x)], { size: { int: size }, ...floats })
}

const alongDim =
  (name: string): Converter =>
  (to, { operands: [x], options }) =>
    to.node(name, [to.value(x)], { axis: { int: (options as { dim: number }).dim } })

export const layerConverters: Converters = {
  conv1d: conv,
  conv2d: conv,
  conv3d: conv,
  convTranspose1d: transposed,
  convTranspose2d: transposed,
  convTranspose3d: transposed,
  linear,
  matmul,
  batchNorm,
  layerNorm,
  instanceNorm,
  groupNorm,
  localResponseNorm: responseNorm,
  softmax: alongDim('Softmax'),
  logSoftmax: alongDim('LogSoftmax'),
}
