import { isFloat } from '../../dtype.js'
import type { Tensor } from '../../tensor.js'
import { ELEMENT } from '../schema.js'
import type { Builder } from './builder.js'
import type { Converter, Converters } from './converters.js'

/** An operator of the same operands and no attributes. */
const same =
  (name: string): Converter =>
  (to, { operands }) =>
    to.node(
      name,
      operands.map((x) => to.value(x)),
    )

/** One of its first operand, with attributes from the options. */
const withFloats =
  (name: string, of: (options: never) => Record<string, number>): Converter =>
  (to, { operands, options }) =>
    to.node(
      name,
      [to.value(operands[0])],
      Object.fromEntries(Object.entries(of(options as never)).map(([key, float]) => [key, { float }])),
    )

const elementType = ({ dtype }: Tensor): number =>
  isFloat(dtype) ? ELEMENT.float : dtype === 'int32' ? ELEMENT.int32 : ELEMENT.uint8

export const castTo = (to: Builder, name: string, type: number): string =>
  to.node('Cast', [name], { to: { int: type } })

/** Ours gives 1 and 0 as uint8. */
const compared =
  (name: string, negated = false): Converter =>
  (to, { operands }) => {
    const flags = to.node(
      name,
      operands.map((x) => to.value(x)),
    )
    return castTo(to, negated ? to.node('Not', [flags]) : flags, ELEMENT.uint8)
  }

const product = (to: Builder, ...factors: readonly (string | number)[]): string =>
  factors.map((x) => (typeof x === 'string' ? x : to.value(x))).reduce((a, b) => to.node('Mul', [a, b]))

export const elementwiseConverters: Converters = {
  relu: same('Relu'),
  sigmoid: same('Sigmoid'),
  tanh: same('Tanh'),
  exp: same('Exp'),
  log: same('Log'),
  sqrt: same('Sqrt'),
  abs: same('Abs'),
  sign: same('Sign'),
  add: same('Add'),
  sub: same('Sub'),
  mul: same('Mul'),
  div: same('Div'),
  pow: same('Pow'),
  maximum: same('Max'),
  minimum: same('Min'),
  eq: compared('Equal'),
  ne: compared('Equal', true),
  lt: compared('Less'),
  le: compared('LessOrEqual'),
  where: (to, { operands: [condition, a, b] }) =>
    to.node('Where', [castTo(to, to.value(condition), ELEMENT.bool), to.value(a), to.value(b)]),
  cast: (to, { operands: [x], result }) => {
    const same = elementType(x as Tensor) === elementType(result)
    return same ? to.node('Identity', [to.value(x)]) : castTo(to, to.value(x), elementType(result))
  },
  clamp: (to, { operands: [x], options }) => {
    const { least, greatest } = options as { least: number; greatest: number }
    const bound = (value: number) => (Number.isFinite(value) ? to.floats([value], []) : '')
    return to.node('Clip', [to.value(x), bound(least), bound(greatest)])
  },
  leakyRelu: withFloats('LeakyRelu', ({ negativeSlope }: { negativeSlope: number }) => ({ alpha: negativeSlope })),
  elu: withFloats('Elu', ({ alpha }: { alpha: number }) => ({ alpha })),
  selu: withFloats('Selu', () => ({ alpha: 1.6732632423543772, gamma: 1.0507009873554805 })),
  softplus: (to, { operands: [x], options }) => {
    const { beta } = options as { beta: number }
    if (beta === 1) return to.node('Softplus', [to.value(x)])
    return product(to, to.node('Softplus', [product(to, to.value(x), beta)]), 1 / beta)
  },
  silu: (to, { operands: [x] }) => product(to, to.value(x), to.node('Sigmoid', [to.value(x)])),
  hardswish: (to, { operands: [x] }) =>
    product(to, to.value(x), to.node('HardSigmoid', [to.value(x)], { alpha: { float: 1 / 6 }, beta: { float: 0.5 } })),
  // x·½·(1 + erf(x / √2)), or Hendrycks and Gimpel's x·½·(1 + tanh(√(2/π)·(x + 0.044715·x³))).
  gelu: (to, { operands: [x], options }) => {
    const name = to.value(x)
    const { approximate } = options as { approximate?: 'tanh' }
    const cube = () => product(to, name, name, name, 0.044715)
    const share = approximate
      ? to.node('Tanh', [product(to, to.node('Add', [name, cube()]), Math.sqrt(2 / Math.PI))])
      : to.node('Erf', [product(to, name, Math.SQRT1_2)])
    return product(to, name, to.node('Add', [share, to.value(1)]), 0.5)
  },
}
