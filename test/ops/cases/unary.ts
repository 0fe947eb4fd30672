import { abs, clamp, exp, log, neg, scale, sign, sqrt, square, zeros } from 'convcore'
import * as reference from '../../reference/unary.js'
import { type Case, type ErrorCase, type Input } from '../case.js'

const plain = { exp, log, sqrt, abs, sign, neg, square }
type Plain = keyof typeof plain

/** Where the gradient is defined. */
const ranges: Partial<Record<Plain, readonly [number, number]>> = { exp: [-3, 3], log: [0.1, 3], sqrt: [0.1, 3] }
const special: Input = { shape: [8], values: [-Infinity, -1000, -1, -0, 0, 1000, Infinity, NaN] }

const clamped = (title: string, least: number | undefined, greatest: number | undefined): Case => ({
  name: `clamp: ${title}`,
  inputs: [{ shape: [2, 3, 4, 5] }],
  op: (x) => clamp(x, least, greatest),
  reference: (x) => reference.clamp(x, least ?? -Infinity, greatest ?? Infinity),
  differentiable: [0],
})

export const cases: Case[] = [
  ...(Object.keys(plain) as Plain[]).flatMap((name): Case[] => [
    ...[[], [17], [2, 3, 4, 5], [0, 3], [2, 3, 2, 2, 2]].map((shape): Case => ({
      name: `${name}: [${shape}]`,
      inputs: [{ shape, range: ranges[name] ?? [-2, 2] }],
      op: (x) => plain[name](x),
      reference: (x) => reference[name](x),
      differentiable: [0],
    })),
    {
      name: `${name}: large values and NaN`,
      inputs: [special],
      op: (x) => plain[name](x),
      reference: (x) => reference[name](x),
    },
  ]),
  {
    name: 'scale: by −2.5',
    inputs: [{ shape: [2, 3, 4, 5] }],
    op: (x) => scale(x, -2.5),
    reference: (x) => reference.scale(x, -2.5),
    differentiable: [0],
  },
  clamped('both bounds', -0.5, 0.25),
  clamped('from below', 0.1, undefined),
  clamped('from above', undefined, 0.1),
  clamped('no bounds', undefined, undefined),
  clamped('bounds the wrong way round', 0.5, -0.5),
  {
    name: 'clamp: infinity and NaN',
    inputs: [special],
    op: (x) => clamp(x, -3, 3),
    reference: (x) => reference.clamp(x, -3, 3),
  },
]

const wrong = '1' as unknown as number

export const errors: ErrorCase[] = [
  {
    name: 'clamp: a bound that is no number',
    run: () => clamp(zeros([2]), wrong),
    error: { name: 'TypeError', message: /clamp: expected least to be a number, got "1"/ },
  },
  {
    name: 'clamp: NaN',
    run: () => clamp(zeros([2]), 0, NaN),
    error: { name: 'TypeError', message: /clamp: expected greatest to be a number, got NaN/ },
  },
  {
    name: 'scale: by text',
    run: () => scale(zeros([2]), wrong),
    error: { name: 'TypeError', message: /scale: expected factor to be a number, got "1"/ },
  },
]
