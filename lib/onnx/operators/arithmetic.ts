import { eq, ge, gt, le, lt, where } from '../../ops/compare.js'
import { cast } from '../../ops/convert.js'
import { add, div, maximum, minimum, mul, pow, sub } from '../../ops/elementwise.js'
import { abs, exp, log, neg, scale, sign, sqrt } from '../../ops/unary.js'
import { matmul } from '../../ops/matmul.js'
import { transpose } from '../../ops/shape.js'
import { Tensor } from '../../tensor.js'
import type { Inputs, Operator, Operators } from '../operator.js'
import { combine, each, spread } from '../numbers.js'
import { Numbers, type Value } from '../value.js'

type Pair = (a: Tensor | number, b: Tensor | number) => Tensor

/** An operand as ours take them: one number as a number, if that does not change the rank. */
function operand(inputs: Inputs, i: number, other: Value): Tensor | number {
  const value = inputs.get(i)
  const scalar = value instanceof Numbers && value.values.length === 1 && value.shape.length <= other.shape.length
  return scalar && other instanceof Tensor ? value.values[0]! : inputs.tensor(i)
}

const binary = (tensors: Pair, numbers: (a: number, b: number) => number, bool = false): Operator => ({
  arity: [2, 2],
  operands: [0, 1],
  prepare: () => (inputs) => {
    const [a, b] = [inputs.get(0), inputs.get(1)]
    if (a instanceof Numbers && b instanceof Numbers) return combine(a, b, numbers, bool ? 'bool' : a.kind)
    return tensors(operand(inputs, 0, b), operand(inputs, 1, a))
  },
})

const unary = (tensors: (x: Tensor) => Tensor, numbers: (x: number) => number): Operator => ({
  arity: [1, 1],
  prepare: () => (inputs) => {
    const x = inputs.get(0)
    return x instanceof Numbers ? each(x, numbers) : tensors(x)
  },
})

/** Of numbers alone. */
const rounding = (fn: (x: number) => number): Operator => ({
  arity: [1, 1],
  prepare: () => (inputs) => each(inputs.numbers(0), fn),
})

const several = (
  tensors: Pair,
  numbers: (a: number, b: number) => number,
  after: (sum: Value, count: number) => Value = (sum) => sum,
): Operator => ({
  arity: [1, 1000],
  operands: [0, 1],
  prepare: () => (inputs) => {
    const result = inputs.values
      .map((_, i) => inputs.get(i))
      .reduce((a, b) => {
        if (a instanceof Numbers && b instanceof Numbers) return combine(a, b, numbers)
        const of = (x: Value) => (x instanceof Numbers && x.values.length === 1 ? x.values[0]! : toOne(inputs, x))
        return tensors(of(a), of(b))
      })
    return after(result, inputs.values.length)
  },
})

const toOne = (inputs: Inputs, x: Value): Tensor => (x instanceof Tensor ? x : inputs.tensor(inputs.values.indexOf(x)))

const quotient = (a: number, b: number): number => a / b

/** As in C: whole numbers are cut towards 0. */
const division: Operator = {
  ...binary(div, quotient),
  prepare: (node) => (inputs) => {
    const [a, b] = [inputs.get(0), inputs.get(1)]
    if (a instanceof Numbers && b instanceof Numbers)
      return combine(a, b, a.kind === 'int' ? (x, y) => Math.trunc(x / y) : quotient)
    return binary(div, quotient).prepare(node)(inputs)
  },
}

const flags = (x: Tensor): Tensor => (x.dtype === 'uint8' ? x : cast(x, 'uint8'))

export const arithmetic: Operators = {
  Add: binary(add, (a, b) => a + b),
  Sub: binary(sub, (a, b) => a - b),
  Mul: binary(mul, (a, b) => a * b),
  Div: division,
  Pow: binary(pow, (a, b) => a ** b),
  Mod: binary(
    (a) => {
      throw new TypeError(`Mod: expected whole numbers from shapes, got ${String(a)}`)
    },
    (a, b) => a - b * Math.floor(a / b),
  ),
  Equal: binary(eq, (a, b) => Number(a === b), true),
  Less: binary(lt, (a, b) => Number(a < b), true),
  LessOrEqual: binary(le, (a, b) => Number(a <= b), true),
  Greater: binary(gt, (a, b) => Number(a > b), true),
  GreaterOrEqual: binary(ge, (a, b) => Number(a >= b), true),
  And: binary(
    (a, b) => flags(mul(cast(a as Tensor, 'float32'), cast(b as Tensor, 'float32'))),
    (a, b) => a && b,
    true,
  ),
  Not: unary(
    (x) => eq(x, 0),
    (x) => Number(x === 0),
  ),
  Sqrt: unary(sqrt, Math.sqrt),
  Exp: unary(exp, Math.exp),
  Log: unary(log, Math.log),
  Neg: unary(neg, (x) => -x),
  Abs: unary(abs, Math.abs),
  Sign: unary(sign, Math.sign),
  Reciprocal: unary(
    (x) => div(1, x),
    (x) => 1 / x,
  ),
  Floor: rounding(Math.floor),
  Ceil: rounding(Math.ceil),
  // To the even one of two that are equally near.
  Round: rounding((x) => (x % 1 === 0.5 || x % 1 === -0.5 ? 2 * Math.round(x / 2) : Math.round(x))),
  Min: several(minimum, Math.min),
  Max: several(maximum, Math.max),
  Sum: several(add, (a, b) => a + b),
  Mean: several(
    add,
    (a, b) => a + b,
    (sum, count) => (sum instanceof Numbers ? each(sum, (x) => x / count) : scale(sum, 1 / count)),
  ),
  Where: {
    arity: [3, 3],
    prepare: () => (inputs) => {
      const [condition, a, b] = [inputs.get(0), inputs.get(1), inputs.get(2)]
      if (condition instanceof Numbers && a instanceof Numbers && b instanceof Numbers) {
        const shape = combine(
          condition,
          combine(a, b, (x) => x),
          (x) => x,
        ).shape
        const [first, second] = [spread(a, shape), spread(b, shape)]
        const chosen = spread(condition, shape).values.map((flag, i) => (flag ? first : second).values[i]!)
        return new Numbers(shape, chosen, a.kind)
      }
      return where(flags(inputs.tensor(0)), operand(inputs, 1, b), operand(inputs, 2, a))
    },
  },
  MatMul: {
    arity: [2, 2],
    parameters: [0, 1],
    prepare: () => (inputs) => matmul(inputs.tensor(0), inputs.tensor(1)),
  },
  Gemm: {
    arity: [2, 3],
    parameters: [0, 1, 2],
    prepare(node) {
      const [alpha, beta] = [node.float('alpha', 1), node.float('beta', 1)]
      const [transposeA, transposeB] = [node.flag('transA'), node.flag('transB')]
      return (inputs) => {
        const [a, b, c] = [inputs.tensor(0), inputs.tensor(1), inputs.maybe(2)]
        if (a.rank !== 2 || b.rank !== 2) node.fail(`expected matrices, got ranks ${a.rank} and ${b.rank}`)
        const product = matmul(transposeA ? transpose(a, 0, 1) : a, b, { transposeB })
        const scaled = alpha === 1 ? product : scale(product, alpha)
        if (!c) return scaled
        return add(scaled, beta === 1 ? c : scale(c, beta))
      }
    },
  },
}
