import { groupNorm, instanceNorm, type InstanceNormOptions, layerNorm, zeros } from 'convcore'
import * as batch from '../../reference/norm.js'
import * as reference from '../../reference/groupNorm.js'
import { type Case, type ErrorCase, type Input, rangeError, shapeError } from '../case.js'

interface Parts {
  weight?: boolean
  bias?: boolean
  eps?: number
}

const scaled = (shape: number[]): Input[] => [{ shape, range: [0.5, 1.5] }, { shape }]
const smooth = ({ weight = true, bias = true }: Parts, first: number) => [
  0,
  ...(weight ? [first] : []),
  ...(bias ? [first + 1] : []),
]

const layer = (name: string, shape: number[], dims: number, parts: Parts = {}, x: Partial<Input> = {}): Case => {
  const { weight = true, bias = true, eps } = parts
  const normalized = shape.slice(shape.length - dims)
  return {
    name: `layerNorm: ${name}`,
    inputs: [{ shape, ...x }, ...scaled(normalized)],
    op: (x, w, b) => layerNorm(x, normalized, weight ? w : undefined, bias ? b : undefined, { eps }),
    reference: (x, w, b) => reference.layerNorm(x, dims, weight ? w : undefined, bias ? b : undefined, eps),
    differentiable: smooth(parts, 1),
  }
}

const group = (name: string, shape: number[], groups: number, parts: Parts = {}, x: Partial<Input> = {}): Case => {
  const { weight = true, bias = true, eps } = parts
  return {
    name: `groupNorm: ${name}`,
    inputs: [{ shape, ...x }, ...scaled([shape[1]!])],
    op: (x, w, b) => groupNorm(x, groups, weight ? w : undefined, bias ? b : undefined, { eps }),
    reference: (x, w, b) => reference.groupNorm(x, groups, weight ? w : undefined, bias ? b : undefined, eps),
    differentiable: smooth(parts, 1),
  }
}

interface InstanceParts extends InstanceNormOptions {
  running?: boolean
  output?: 'y' | 'runningMean' | 'runningVar'
}

/** instanceNorm of x, seen through its result or through a running statistic that it moves. */
const instance = (name: string, shape: number[], parts: InstanceParts = {}): Case => {
  const { running = true, output = 'y', ...options } = parts
  const { useInputStats = true, momentum, eps } = options
  const channels = [shape[1]!]
  return {
    name: `instanceNorm: ${name}`,
    inputs: [
      { shape },
      { shape: channels, range: [-0.5, 0.5] },
      { shape: channels, range: [0.5, 2] },
      ...scaled(channels),
    ],
    op: (x, mean, variance, weight, bias) => {
      const y = instanceNorm(x, running ? mean : undefined, running ? variance : undefined, weight, bias, options)
      return { y, runningMean: mean, runningVar: variance }[output]
    },
    reference: (x, mean, variance, weight, bias) => {
      if (output !== 'y') return reference.movedByInstances(x, mean, variance, momentum)[output]
      if (useInputStats) return reference.groupNorm(x, shape[1]!, weight, bias, eps)
      return batch.batchNorm(x, mean, variance, weight, bias, { eps }).y
    },
    ...(useInputStats ? { inPlace: [1, 2] } : {}),
    ...(output === 'y' ? { differentiable: [0, 3, 4] } : {}),
  }
}

export const cases: Case[] = [
  layer('last dimension', [2, 3, 7], 1),
  layer('all dimensions', [3, 4], 2),
  layer('image', [2, 3, 4, 5], 3),
  layer('last of an image', [2, 3, 4, 5], 1, { eps: 0.1 }),
  layer('no weight and bias', [5, 17], 1, { weight: false, bias: false }),
  layer('weight only', [5, 4], 1, { bias: false }),
  layer('bias only', [5, 4], 1, { weight: false }),
  layer('many rows', [900, 40], 1),
  layer('long rows', [2, 2500], 1),
  layer('far from zero', [3, 33], 1, {}, { range: [99, 101] }),
  layer('empty batch', [0, 4], 1),
  group('two groups', [2, 4, 3, 5], 2),
  group('one group', [3, 17, 2, 3], 1),
  group('volume', [2, 6, 2, 3, 2], 3),
  group('sequence', [2, 6, 5], 3),
  group('rank 2', [4, 12], 3),
  group('rank 2, many rows', [700, 50], 5),
  group('one cell', [2, 8, 1, 1], 2),
  group('16 channels', [2, 16, 3, 3], 4),
  group('no weight and bias', [2, 4, 3, 3], 2, { weight: false, bias: false }),
  group('weight only', [2, 4, 3, 3], 2, { bias: false, eps: 0.1 }),
  group('bias only', [2, 4, 3, 3], 2, { weight: false }),
  group('several jobs', [2, 6, 75, 76], 3),
  group('far from zero', [2, 4, 4, 5], 2, {}, { range: [99, 101] }),
  group('empty batch', [0, 4, 3, 3], 2),
  instance('image', [2, 3, 4, 5]),
  instance('sequence', [3, 5, 4]),
  instance('volume', [1, 3, 2, 3, 2], { eps: 0.1 }),
  instance('without running statistics', [2, 3, 4, 5], { running: false }),
  instance('by running statistics', [2, 3, 4, 5], { useInputStats: false }),
  instance('by running statistics, sequence', [2, 3, 4], { useInputStats: false }),
  instance('moves the mean', [3, 3, 4, 5], { output: 'runningMean' }),
  instance('moves the variance', [3, 17, 4], { output: 'runningVar', momentum: 0.7 }),
]

const x = () => zeros([2, 4, 3, 3])
const fails = (name: string, run: () => unknown, message: RegExp): ErrorCase => ({
  name,
  run,
  error: shapeError(message),
})

export const errors: ErrorCase[] = [
  fails(
    'layerNorm: other end',
    () => layerNorm(x(), [4, 3]),
    /layerNorm: expected x of shape \[\.\.\., 4, 3\], got \[2, 4, 3, 3\]/,
  ),
  fails('layerNorm: too short', () => layerNorm(zeros([3]), [2, 3]), /layerNorm: expected .*got \[3\]/),
  fails(
    'layerNorm: weight',
    () => layerNorm(x(), 3, zeros([4])),
    /layerNorm: expected weight of shape \[3\], got \[4\]/,
  ),
  fails('layerNorm: bias', () => layerNorm(x(), [3, 3], undefined, zeros([9])), /layerNorm: expected bias .*got \[9\]/),
  {
    name: 'layerNorm: no shape',
    run: () => layerNorm(x(), []),
    error: { name: 'TypeError', message: /layerNorm: expected normalizedShape .*got \[\]/ },
  },
  fails('groupNorm: groups', () => groupNorm(x(), 3), /groupNorm: expected .*3 equal groups, got \[2, 4, 3, 3\]/),
  fails('groupNorm: rank', () => groupNorm(zeros([4]), 2), /groupNorm: expected .*got \[4\]/),
  fails(
    'groupNorm: weight',
    () => groupNorm(x(), 2, zeros([2])),
    /groupNorm: expected weight of shape \[4\], got \[2\]/,
  ),
  {
    name: 'groupNorm: no groups',
    run: () => groupNorm(x(), 0),
    error: rangeError(/groupNorm: expected groups .*got 0/),
  },
  fails('instanceNorm: rank', () => instanceNorm(zeros([2, 3])), /instanceNorm: expected .*got \[2, 3\]/),
  fails(
    'instanceNorm: one value',
    () => instanceNorm(zeros([2, 3, 1])),
    /instanceNorm: expected more than one value .*\[2, 3, 1\]/,
  ),
  fails(
    'instanceNorm: mean',
    () => instanceNorm(x(), zeros([3]), zeros([4])),
    /instanceNorm: expected runningMean .*got \[3\]/,
  ),
  {
    name: 'instanceNorm: no statistics',
    run: () => instanceNorm(x(), undefined, undefined, undefined, undefined, { useInputStats: false }),
    error: { name: 'TypeError', message: /instanceNorm: expected runningMean/ },
  },
]
