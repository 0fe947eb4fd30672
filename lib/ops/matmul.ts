import { allocLike } from '../alloc.js'
import { record } from '../autograd.js'
import { ShapeError } from '../errors.js'
import { toRowMajor } from '../layout.js'
import { kernels, pack } from '../native.js'
import { showShape, type Shape } from '../shape.js'
import { Tensor } from '../tensor.js'
import { checkFloats, checkShapeIs } from './check.js'
import { lowered } from './precision.js'
import { sum } from './reduce.js'
import { reshape } from './shape.js'

export interface MatmulOptions {
  /** Use the transpose of a's last two dimensions. Default false. */
  transposeA?: boolean
  /** Use the transpose of b's last two dimensions. Default false. */
  transposeB?: boolean
}

const words = (batch: number, m: number, n: number, k: number, ta: boolean, tb: boolean): number[] => [
  batch,
  m,
  n,
  k,
  ta ? 1 : 0,
  tb ? 1 : 0,
]

/**
 * Matrix product, of one pair of matrices or of a batch of pairs.
 *
 * @param a [M, K] or [B, M, K] (after `transposeA`)
 * @param b [K, N] or [B, K, N] (after `transposeB`)
 * @returns [M, N] or [B, M, N]
 * @throws {ShapeError} when the shapes do not fit
 */
export function matmul(a: Tensor, b: Tensor, options: MatmulOptions = {}): Tensor {
  const { transposeA = false, transposeB = false } = options
  ;[a, b] = lowered(a, b)
  checkFloats('matmul', { a, b })
  const rank = a.rank
  if (rank !== 2 && rank !== 3)
    throw new ShapeError(`matmul: expected a of shape [M, K] or [B, M, K], got ${showShape(a.shape)}`)
  const [rows, columns] = a.shape.slice(-2) as [number, number]
  const [m, k] = transposeA ? [columns, rows] : [rows, columns]
  const batch: Shape = a.shape.slice(0, -2)
  checkShapeIs('matmul', 'b', b, [...batch, ...(transposeB ? ['N', k] : [k, 'N'])])
  const n = b.shape[transposeB ? rank - 2 : rank - 1]!
  const [left, right] = [toRowMajor(a), toRowMajor(b)]
  const y = allocLike('matmul', left, [...batch, m, n])
  kernels.matmul(pack(words(batch[0] ?? 1, m, n, k, transposeA, transposeB)), left.handle, right.handle, 0, y.handle)
  return record('matmul', y, [left, right], [left, right], (dy, needs, [a, b]) => [
    needs[0] &&
      (transposeA
        ? matmul(b, dy, { transposeA: transposeB, transposeB: true })
        : matmul(dy, b, { transposeB: !transposeB })),
    needs[1] &&
      (transposeB
        ? matmul(dy, a, { transposeA: true, transposeB: transposeA })
        : matmul(a, dy, { transposeA: !transposeA })),
  ])
}

/**
 * x·weightᵀ + bias over x's last dimension.
 *
 * @param x [..., in]
 * @param weight [out, in]
 * @param bias [out]
 * @returns [..., out]
 * @throws {ShapeError} when the shapes do not fit
 */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  ;[x, weight, bias] = lowered(x, weight, bias)
  checkFloats('linear', { x, weight, bias })
  checkShapeIs('linear', 'weight', weight, ['out', 'in'])
  const [out, inner] = weight.shape as [number, number]
  if (x.rank === 0 || x.shape[x.rank - 1] !== inner)
    throw new ShapeError(`linear: expected x of shape [..., ${inner}], got ${showShape(x.shape)}`)
  if (bias) checkShapeIs('linear', 'bias', bias, [out])
  const outer = x.shape.slice(0, -1)
  const m = outer.reduce((product, d) => product * d, 1)
  const rows = x.rank === 2 ? x : reshape(x, [m, inner])
  const y = allocLike('linear', rows, [m, out])
  kernels.matmul(
    pack(words(1, m, out, inner, false, true)),
    rows.handle,
    weight.handle,
    bias ? bias.handle : 0,
    y.handle,
  )
  record('linear', y, [rows, weight, bias], [rows, weight], (dy, needs, [x, weight]) => [
    needs[0] && matmul(dy, weight),
    needs[1] && matmul(dy, x, { transposeA: true }),
    needs[2] && sum(dy, 0),
  ])
  return x.rank === 2 ? y : reshape(y, [...outer, out])
}

declare module '../tensor.js' {
  interface Tensor {
    /** See {@link matmul}. */
    matmul(other: Tensor, options?: MatmulOptions): Tensor
  }
}
Tensor.prototype.matmul = function (other, options) {
  return matmul(this, other, options)
}
