import { checkSize, madeLike } from '../alloc.js'
import { record } from '../autograd.js'
import type { DType } from '../dtype.js'
import { ShapeError } from '../errors.js'
import { toRowMajor } from '../layout.js'
import { kernels, pack } from '../native.js'
import { sameShape, showShape, sizeOf } from '../shape.js'
import { Tensor } from '../tensor.js'
import { tracer } from '../tracer.js'
import { broadcastShape } from './broadcast.js'
import { checkFloats, checkShapeIs } from './check.js'
import { lowered } from './precision.js'
import { sum } from './reduce.js'
import { expand } from './repeat.js'
import { reshape } from './shape.js'

/** Options of {@link matmul}. */
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
 * Matrix product, of one pair of matrices or of batches of them, whose dimensions broadcast as NumPy's. A vector is a row
 * on the left and a column on the right, and that dimension is not in the result.
 *
 * @param a [..., M, K] (after `transposeA`) or [K]
 * @param b [..., K, N] (after `transposeB`) or [K]
 * @returns [..., M, N]
 * @throws {ShapeError} when the shapes do not fit
 */
export function matmul<D extends DType>(a: Tensor<D>, b: Tensor, options: MatmulOptions = {}): Tensor<D> {
  const { transposeA = false, transposeB = false } = options
  ;[a, b] = lowered(a, b)
  checkFloats('matmul', { a, b })
  checkOperand('a', a, transposeA)
  checkOperand('b', b, transposeB)
  const left = a.rank === 1 ? reshape(a, [1, a.size]) : a
  const right = b.rank === 1 ? reshape(b, [b.size, 1]) : b
  const [rows, columns] = left.shape.slice(-2) as [number, number]
  const [m, k] = transposeA ? [columns, rows] : [rows, columns]
  const n = right.shape.at(transposeB ? -2 : -1)!
  if (right.shape.at(transposeB ? -1 : -2) !== k)
    throw new ShapeError(
      `matmul: expected b of shape ${b.rank === 1 ? `[${k}]` : `[..., ${transposeB ? `N, ${k}` : `${k}, N`}]`}, got ${showShape(b.shape)}`,
    )
  const y = batched(left, right, transposeA, transposeB)
  const vectors = a.rank === 1 || b.rank === 1
  const shape = [...y.shape.slice(0, -2), ...(a.rank > 1 ? [m] : []), ...(b.rank > 1 ? [n] : [])]
  const result = vectors ? reshape(y, shape) : y
  tracer?.op('matmul', result, [a, b], { transposeA, transposeB })
  return result
}

function checkOperand(name: string, x: Tensor, transposed: boolean): void {
  if (x.rank === 0 || (x.rank === 1 && transposed))
    throw new ShapeError(
      `matmul: expected ${name} with at least ${transposed ? 'two dimensions to transpose' : 'one dimension'}, got ${showShape(x.shape)}`,
    )
}

/** Operands of two dimensions and more. */
function batched(a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean): Tensor {
  const [batchA, batchB] = [a.shape.slice(0, -2), b.shape.slice(0, -2)]
  if (sameShape(batchA, batchB)) return product(a, b, transposeA, transposeB)
  const matrix = (x: Tensor) => x.shape.slice(-2)
  // One matrix on the right for all on the left: their rows are those of one matrix.
  if (batchB.length === 0 && !transposeA) {
    const rows = reshape(a, [sizeOf(a.shape.slice(0, -1)), a.shape.at(-1)!])
    const y = product(rows, b, false, transposeB)
    return reshape(y, [...a.shape.slice(0, -1), y.shape[1]!])
  }
  const batch = broadcastShape('matmul', batchA, batchB)
  return product(expand(a, [...batch, ...matrix(a)]), expand(b, [...batch, ...matrix(b)]), transposeA, transposeB)
}

/** Operands whose leading dimensions are the same. */
function product(a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean): Tensor {
  const [rows, columns] = a.shape.slice(-2) as [number, number]
  const [m, k] = transposeA ? [columns, rows] : [rows, columns]
  const n = b.shape.at(transposeB ? -2 : -1)!
  const batch = a.shape.slice(0, -2)
  const [left, right] = [toRowMajor(a), toRowMajor(b)]
  const shape = [...batch, m, n]
  checkSize('matmul', shape)
  const geometry = words(sizeOf(batch), m, n, k, transposeA, transposeB)
  const y = madeLike('matmul', kernels.matmul(pack(geometry), left.handle, right.handle, 0, 0), left, shape)
  tracer?.op('matmul', y, [a, b], { transposeA, transposeB })
  return record('matmul', y, [left, right], [left, right], (dy, needs, [a, b]) => [
    needs[0] && (transposeA ? product(b, dy, transposeB, true) : product(dy, b, false, !transposeB)),
    needs[1] && (transposeB ? product(dy, a, true, transposeA) : product(a, dy, !transposeA, false)),
  ])
}

/**
 * Matrix products of a batch of pairs.
 * @param a [B, M, K]
 * @param b [B, K, N]
 * @returns [B, M, N]
 * @throws {ShapeError} when the shapes do not fit
 */
export function bmm<D extends DType>(a: Tensor<D>, b: Tensor): Tensor<D> {
  ;[a, b] = lowered(a, b)
  checkFloats('bmm', { a, b })
  checkShapeIs('bmm', 'a', a, ['B', 'M', 'K'])
  checkShapeIs('bmm', 'b', b, [a.shape[0]!, a.shape[2]!, 'N'])
  return product(a, b, false, false)
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
  checkSize('linear', [m, out])
  const geometry = words(1, m, out, inner, false, true)
  const handle = kernels.matmul(pack(geometry), rows.handle, weight.handle, bias ? bias.handle : 0, 0)
  const y = madeLike('linear', handle, rows, [m, out])
  record('linear', y, [rows, weight, bias], [rows, weight], (dy, needs, [x, weight]) => [
    needs[0] && matmul(dy, weight),
    needs[1] && matmul(dy, x, { transposeA: true }),
    needs[2] && sum(dy, 0),
  ])
  const result = x.rank === 2 ? y : reshape(y, [...outer, out])
  tracer?.op('linear', result, [x, weight, bias])
  return result
}

declare module '../tensor.js' {
  interface Tensor<D extends DType = DType> {
    /** See {@link matmul}. */
    matmul(other: Tensor, options?: MatmulOptions): Tensor<D>
    /** See {@link bmm}. */
    bmm(other: Tensor): Tensor<D>
  }
}
Tensor.prototype.matmul = function (other, options) {
  return matmul(this, other, options)
}
Tensor.prototype.bmm = function (other) {
  return bmm(this, other)
}
