import type { ConvRow, KernelRow } from './cases.js'
import type { Row } from './rows.js'

/** 2 · multiply-adds of the direct convolution, which each of its gradients has as well. */
function ofConvolution([, n, c, h, w, k, r, s, stride, padding, groups]: ConvRow): number {
  const [p, q] = [(h + 2 * padding - r) / stride + 1, (w + 2 * padding - s) / stride + 1].map(Math.floor)
  return 2 * n * k * p! * q! * (c / groups) * r * s
}

/** 2 · multiply-adds; the gradients are of both operands. */
function ofKernel({ op, shape }: KernelRow, figure: string): number | undefined {
  if (op !== 'matmul') return undefined
  const [m, k, n] = shape as [number, number, number]
  return (figure === 'backward' ? 2 : 1) * 2 * m * k * n
}

/** Floating point operations of a figure of a convolution or a product of matrices; undefined for all else. */
export function operations({ section, row }: Row, figure: string): number | undefined {
  if (section === 'conv') return ofConvolution(row as ConvRow)
  return section === 'kernel' ? ofKernel(row as KernelRow, figure) : undefined
}
