import { allocLike } from '../alloc.js'
import { isGradEnabled, noGrad, record } from '../autograd.js'
import { isHalf } from '../dtype.js'
import { AutogradError, DTypeError, ShapeError } from '../errors.js'
import { kernels } from '../native.js'
import { showShape } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { checkFloats, checkShapeIs } from './check.js'
import { sub } from './elementwise.js'
import { matmul } from './matmul.js'
import { reshape } from './shape.js'

/** A matrix as a product: see {@link qr}. */
export interface QR {
  /** [M, N], with orthonormal columns. */
  q: Tensor
  /** [N, N], upper triangular. */
  r: Tensor
}

/**
 * a = q·r by Householder reflections (Golub and Van Loan, "Matrix computations", 5.2.1), PyTorch's reduced form. Not
 * differentiable.
 *
 * @param a [M, N] with M ≥ N
 * @throws {ShapeError} for another shape; {@link DTypeError} for half precision; {@link AutogradError} when a requires a
 *   gradient
 */
export function qr(a: Tensor): QR {
  checkFloats('qr', { a })
  if (a.requiresGrad && isGradEnabled())
    throw new AutogradError('qr: expected a matrix that requires no gradient; detach() it')
  return factor('qr', a)
}

function factor(op: string, a: Tensor): QR {
  if (isHalf(a.dtype))
    throw new DTypeError(`${op}: expected float32 or float64, of which factors keep enough digits, got ${a.dtype}`)
  checkShapeIs(op, 'a', a, ['M', 'N'])
  const [m, n] = a.shape as [number, number]
  if (m < n) throw new ShapeError(`${op}: expected at least as many rows as columns, got ${showShape(a.shape)}`)
  const q = allocLike(op, a)
  const r = allocLike(op, a, [n, n])
  if (n > 0) kernels.qr(m, n, a.handle, q.handle, r.handle)
  return { q, r }
}

/** r⁻¹·b, or r⁻ᵀ·b, for r upper triangular. */
function solve(r: Tensor, b: Tensor, transpose = false): Tensor {
  const x = allocLike('lstsq', b)
  const [n, k] = b.shape as [number, number]
  if (x.size > 0) kernels.solve_triangular(n, k, transpose ? 1 : 0, r.handle, b.handle, x.handle)
  return x
}

/**
 * The x that makes ‖a·x − b‖ least, by QR: r·x = qᵀ·b. For polynomials and other regressions.
 *
 * @param a [M, N] with M ≥ N and independent columns
 * @param b [M] or, for several problems, [M, K]
 * @returns [N] or [N, K]
 * @throws {ShapeError} when the shapes do not fit
 * @throws {DTypeError} for half precision, as PyTorch
 * @throws {ExecutionError} on reading, when columns of a depend on each other
 */
export function lstsq(a: Tensor, b: Tensor): Tensor {
  checkFloats('lstsq', { a, b })
  checkShapeIs('lstsq', 'a', a, ['M', 'N'])
  checkShapeIs('lstsq', 'b', b, b.rank === 1 ? [a.shape[0]!] : [a.shape[0]!, 'K'])
  if (b.rank === 1) return reshape(lstsq(a, reshape(b, [b.size, 1])), [a.shape[1]!])
  const { q, r } = factor('lstsq', a)
  const x = noGrad(() => solve(r, matmul(q, b, { transposeA: true })))
  // With g = (aᵀa)⁻¹·dx: db = a·g and da = (b − a·x)·gᵀ − db·xᵀ.
  record('lstsq', x, [a, b], [a, b, q, r, x], (dx, needs, [a, b, q, r, x]) => {
    const half = solve(r, dx, true)
    const db = matmul(q, half)
    if (!needs[0]) return [undefined, db]
    const residual = sub(b, matmul(a, x))
    return [sub(matmul(residual, solve(r, half), { transposeB: true }), matmul(db, x, { transposeB: true })), db]
  })
  q.dispose()
  r.dispose()
  return x
}
