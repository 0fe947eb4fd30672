import { lstsq, matmul, qr, zeros } from 'convcore'
import { at, type Dense, make } from '../../reference/array.js'
import * as reference from '../../reference/linalg.js'
import { type Case, type ErrorCase, shapeError } from '../case.js'

const identity = (n: number): Dense => make([n, n], ([i, j]) => (i === j ? 1 : 0))

const factors = (m: number, n: number): Case[] => [
  {
    name: `qr: the product of [${m}, ${n}]`,
    inputs: [{ shape: [m, n] }],
    op: (a) => {
      const { q, r } = qr(a)
      return matmul(q, r)
    },
    reference: (a) => a,
  },
  {
    name: `qr: orthonormal columns of [${m}, ${n}]`,
    inputs: [{ shape: [m, n] }],
    op: (a) => {
      const { q } = qr(a)
      return matmul(q, q, { transposeA: true })
    },
    reference: () => identity(n),
  },
]

const fit = (name: string, a: readonly [number, number], b: readonly number[]): Case => ({
  name: `lstsq: ${name}`,
  inputs: [{ shape: a }, { shape: b }],
  op: (a, b) => lstsq(a, b),
  reference: (a, b) => reference.lstsq(a, b),
  differentiable: [0, 1],
  tolerance: { float32: 2e-5 },
})

export const cases: Case[] = [
  ...factors(5, 3),
  ...factors(4, 4),
  ...factors(1, 1),
  ...factors(70, 33),
  ...factors(3, 0),
  {
    name: 'qr: the sizes of r',
    inputs: [{ shape: [7, 4] }],
    op: (a) => {
      const { r } = qr(a)
      return matmul(r, r, { transposeA: true })
    },
    reference: (a) => {
      const { r } = reference.qr(a)
      return make([4, 4], ([i, j]) => {
        let sum = 0
        for (let k = 0; k < 4; k++) sum += at(r, [k, i!]) * at(r, [k, j!])
        return sum
      })
    },
  },
  {
    name: 'qr: of a triangle',
    inputs: [{ shape: [3, 3], values: [2, 1, -1, 0, 3, 4, 0, 0, 5] }],
    op: (a) => {
      const { r } = qr(a)
      return matmul(r, r, { transposeA: true })
    },
    reference: () => ({ shape: [3, 3], data: Float64Array.from([4, 2, -2, 2, 10, 11, -2, 11, 42]) }),
  },
  fit('a line', [6, 2], [6]),
  fit('several problems', [9, 4], [9, 3]),
  fit('as many rows as columns', [3, 3], [3]),
  fit('one column', [5, 1], [5, 2]),
  fit('40 rows', [40, 6], [40]),
]

export const errors: ErrorCase[] = [
  {
    name: 'qr: fewer rows than columns',
    run: () => qr(zeros([2, 3])),
    error: shapeError(/qr: expected at least as many rows as columns, got \[2, 3\]/),
  },
  { name: 'qr: a vector', run: () => qr(zeros([3])), error: shapeError(/qr: expected a of shape \[M, N\], got \[3\]/) },
  {
    name: 'lstsq: rows that differ',
    run: () => lstsq(zeros([4, 2]), zeros([3])),
    error: shapeError(/lstsq: expected b of shape \[4\], got \[3\]/),
  },
  {
    name: 'lstsq: too few rows',
    run: () => lstsq(zeros([2, 3]), zeros([2])),
    error: shapeError(/lstsq: expected at least as many rows as columns, got \[2, 3\]/),
  },
]
