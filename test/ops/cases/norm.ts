import { batchNorm, type BatchNormOptions, zeros } from 'convcore'
import * as reference from '../../reference/norm.js'
import { type Case, type ErrorCase, type Input, shapeError } from '../case.js'

interface Parts extends Omit<BatchNormOptions, 'residual'> {
  residual?: boolean
  weight?: boolean
  bias?: boolean
  running?: boolean
  output?: 'y' | 'runningMean' | 'runningVar'
}

/** batchNorm of x, seen through its result or through a running statistic that it moves. */
function norm(
  name: string,
  shape: number[],
  { weight = true, bias = true, running = true, residual = false, output = 'y', ...options }: Parts,
  x: Partial<Input> = {},
): Case {
  const channels = [shape[1]!]
  const given = <T>(mean: T, variance: T, scale: T, offset: T) =>
    [
      running ? mean : undefined,
      running ? variance : undefined,
      weight ? scale : undefined,
      bias ? offset : undefined,
    ] as const
  const smooth = [0, ...(weight ? [3] : []), ...(bias ? [4] : []), ...(residual ? [5] : [])]
  return {
    name: `batchNorm: ${name}`,
    inputs: [
      { shape, ...x },
      { shape: channels, range: [-0.5, 0.5] },
      { shape: channels, range: [0.5, 2] },
      { shape: channels, range: [0.5, 1.5] },
      { shape: channels },
      ...(residual ? [{ shape }] : []),
    ],
    op: (image, mean, variance, scale, offset, added) => {
      const y = batchNorm(image, ...given(mean, variance, scale, offset), { ...options, residual: added })
      return output === 'y' ? y : output === 'runningMean' ? mean : variance
    },
    reference: (image, mean, variance, scale, offset, added) =>
      reference.batchNorm(image, ...given(mean, variance, scale, offset), { ...options, residual: added })[output],
    ...(options.training ? { inPlace: [1, 2] } : {}),
    ...(output === 'y' ? { differentiable: smooth } : {}),
  }
}

export const cases: Case[] = [
  norm('inference', [2, 3, 4, 5], {}),
  norm('inference, no weight and bias', [2, 3, 4, 5], { weight: false, bias: false }),
  norm('inference, other eps', [2, 5, 3, 3], { eps: 0.1 }),
  norm('inference, one image of one cell', [1, 5, 1, 1], {}),
  norm('inference, rank 2', [4, 17], {}),
  norm('inference, empty batch', [0, 3, 4, 4], {}),
  norm('training', [2, 3, 4, 5], { training: true }),
  norm('training, one image', [1, 5, 3, 3], { training: true }),
  norm('training, no running statistics', [2, 3, 3, 3], { training: true, running: false }),
  norm('training, no weight and bias', [3, 3, 2, 2], { training: true, weight: false, bias: false }),
  norm('training, weight only', [3, 3, 2, 2], { training: true, bias: false }),
  norm('training, bias only', [3, 3, 2, 2], { training: true, weight: false }),
  norm('training, rank 2', [6, 5], { training: true }),
  norm('training, 17 channels', [2, 17, 3, 3], { training: true }),
  norm('training, 33 channels', [2, 33, 2, 3], { training: true }),
  norm('training, one channel', [3, 1, 5, 5], { training: true }),
  norm('training, several jobs', [2, 3, 75, 76], { training: true }),
  norm('training, several jobs, rank 2', [5000, 9], { training: true }),
  norm('training, far from zero', [2, 3, 4, 5], { training: true }, { range: [99, 101] }),
  norm('inference with relu', [2, 3, 4, 5], { relu: true }),
  norm('training with relu', [2, 3, 4, 5], { training: true, relu: true }),
  norm('training with relu, 16 channels', [2, 16, 3, 3], { training: true, relu: true }),
  norm('training with relu, several jobs', [2, 30, 40, 41], { training: true, relu: true }),
  norm('training with relu, no weight and bias', [3, 3, 2, 2], {
    training: true,
    relu: true,
    weight: false,
    bias: false,
  }),
  norm('inference with a residual', [2, 3, 4, 5], { residual: true }),
  norm('inference with a residual and relu', [2, 5, 3, 3], { residual: true, relu: true }),
  norm('training with a residual', [2, 3, 4, 5], { training: true, residual: true }),
  norm('training with a residual and relu', [2, 3, 4, 5], { training: true, residual: true, relu: true }),
  norm('training with a residual and relu, 16 channels', [2, 16, 3, 3], { training: true, residual: true, relu: true }),
  norm('training with a residual and relu, rank 3', [2, 3, 5], { training: true, residual: true, relu: true }),
  norm('training with a residual and relu, several jobs', [2, 30, 40, 41], {
    training: true,
    residual: true,
    relu: true,
  }),
  norm('inference, rank 3', [2, 3, 4], {}),
  norm('training, rank 3', [2, 5, 4], { training: true }),
  norm('training, rank 5', [2, 3, 2, 3, 2], { training: true }),
  norm('training moves the mean', [2, 3, 4, 5], { training: true, output: 'runningMean' }),
  norm('training moves the variance', [2, 3, 4, 5], { training: true, output: 'runningVar' }),
  norm('training, other momentum', [2, 5, 3, 3], { training: true, momentum: 0.7, output: 'runningMean' }),
  norm('training, momentum 1', [2, 5, 3, 3], { training: true, momentum: 1, output: 'runningVar' }),
]

const x = () => zeros([2, 3, 4, 4])
const fails = (name: string, run: () => unknown, message: RegExp): ErrorCase => ({
  name: `batchNorm: ${name}`,
  run,
  error: shapeError(message),
})

export const errors: ErrorCase[] = [
  fails('rank 1', () => batchNorm(zeros([3]), zeros([3]), zeros([3])), /batchNorm: expected .*\[3\]/),
  fails('mean', () => batchNorm(x(), zeros([4]), zeros([3])), /batchNorm: expected runningMean .*\[3\], got \[4\]/),
  fails(
    'variance',
    () => batchNorm(x(), zeros([3]), zeros([3, 1])),
    /batchNorm: expected runningVar .*\[3\], got \[3, 1\]/,
  ),
  fails(
    'weight',
    () => batchNorm(x(), zeros([3]), zeros([3]), zeros([2])),
    /batchNorm: expected weight .*\[3\], got \[2\]/,
  ),
  fails(
    'bias',
    () => batchNorm(x(), zeros([3]), zeros([3]), undefined, zeros([1])),
    /batchNorm: expected bias .*\[3\], got \[1\]/,
  ),
  fails(
    'residual',
    () => batchNorm(x(), zeros([3]), zeros([3]), undefined, undefined, { residual: zeros([1, 3, 4, 4]) }),
    /batchNorm: expected residual .*\[2, 3, 4, 4\], got \[1, 3, 4, 4\]/,
  ),
  {
    name: 'batchNorm: inference without statistics',
    run: () => batchNorm(x()),
    error: { message: /batchNorm: expected runningMean/ },
  },
  fails(
    'training on one value per channel',
    () => batchNorm(zeros([1, 3, 1, 1]), zeros([3]), zeros([3]), undefined, undefined, { training: true }),
    /batchNorm: expected more than .*one value per channel.*\[1, 3, 1, 1\]|batchNorm: expected more than 1 value per channel.*\[1, 3, 1, 1\]/,
  ),
]
