import { interpolate, type InterpolateOptions, zeros } from 'convcore'
import * as reference from '../../reference/interpolate.js'
import { type Case, type ErrorCase, rangeError, shapeError } from '../case.js'

function resize(name: string, shape: readonly number[], options: InterpolateOptions): Case {
  const each = (value: InterpolateOptions['size']) =>
    typeof value === 'number' ? shape.slice(2).map(() => value) : (value ?? undefined)
  const [size, factor] = [each(options.size), each(options.scaleFactor)]
  const linear = (options.mode ?? 'nearest') !== 'nearest'
  return {
    name: `interpolate: ${name}`,
    inputs: [{ shape }],
    op: (x) => interpolate(x, options),
    reference: (x) =>
      reference.interpolate(x, {
        linear,
        alignCorners: options.alignCorners ?? false,
        ...(size && { size }),
        ...(factor && { factor }),
      }),
    differentiable: [0],
  }
}

export const cases: Case[] = [
  resize('nearest, twice', [2, 3, 3, 4], { scaleFactor: 2 }),
  resize('nearest, 5×7 to 3×10, 17 channels', [1, 17, 5, 7], { size: [3, 10] }),
  resize('nearest, by 1.5 and 0.6', [1, 2, 5, 5], { scaleFactor: [1.5, 0.6] }),
  resize('nearest, signals', [2, 3, 5], { size: 8 }),
  resize('nearest, volumes', [1, 3, 2, 3, 4], { size: [4, 2, 5] }),
  resize('nearest, empty batch', [0, 3, 2, 2], { scaleFactor: 2 }),
  ...[false, true].flatMap((alignCorners) => {
    const name = `bilinear${alignCorners ? ', corners aligned' : ''}`
    const mode = { mode: 'bilinear', alignCorners } as const
    return [
      resize(`${name}, twice`, [2, 3, 3, 4], { scaleFactor: 2, ...mode }),
      resize(`${name}, 5×7 to 3×10, 17 channels`, [1, 17, 5, 7], { size: [3, 10], ...mode }),
      resize(`${name}, by 1.3 and 0.7`, [1, 2, 6, 7], { scaleFactor: [1.3, 0.7], ...mode }),
      resize(`${name}, to one cell`, [1, 2, 4, 3], { size: 1, ...mode }),
      resize(`${name}, from one cell`, [2, 5, 1, 1], { size: [2, 3], ...mode }),
      resize(`${name}, same size`, [1, 2, 3, 4], { size: [3, 4], ...mode }),
    ]
  }),
  resize('bilinear, empty batch', [0, 3, 2, 2], { size: 5, mode: 'bilinear' }),
  resize('bilinear, several jobs', [2, 5, 40, 50], { size: [60, 70], mode: 'bilinear' }),
  resize('linear', [2, 3, 5], { size: 8, mode: 'linear' }),
  resize('linear, corners aligned, 17 channels', [1, 17, 7], { size: 4, mode: 'linear', alignCorners: true }),
  resize('trilinear', [1, 3, 2, 3, 4], { size: [3, 5, 3], mode: 'trilinear' }),
  resize('trilinear, corners aligned', [1, 2, 3, 2, 4], { scaleFactor: 2, mode: 'trilinear', alignCorners: true }),
]

const x = () => zeros([1, 1, 3, 4])

export const errors: ErrorCase[] = [
  {
    name: 'interpolate: neither size nor factor',
    run: () => interpolate(x(), {}),
    error: rangeError(/interpolate: expected either size or scaleFactor, got undefined and undefined/),
  },
  {
    name: 'interpolate: both size and factor',
    run: () => interpolate(x(), { size: 3, scaleFactor: 2 }),
    error: rangeError(/interpolate: expected either size or scaleFactor, got 3 and 2/),
  },
  {
    name: 'interpolate: three sizes',
    run: () => interpolate(x(), { size: [1, 2, 3] }),
    error: rangeError(/interpolate: expected size to be a positive integer or a pair of them, got \[1, 2, 3\]/),
  },
  {
    name: 'interpolate: size 0',
    run: () => interpolate(x(), { size: 0 }),
    error: rangeError(/interpolate: expected size to be a positive integer or a pair of them, got 0/),
  },
  {
    name: 'interpolate: factor −1',
    run: () => interpolate(x(), { scaleFactor: -1 }),
    error: rangeError(/interpolate: expected scaleFactor .* got -1/),
  },
  {
    name: 'interpolate: a factor that leaves nothing',
    run: () => interpolate(x(), { scaleFactor: 0.1 }),
    error: shapeError(/interpolate: expected input and output sizes of at least 1, got \[3, 4\] and \[0, 0\]/),
  },
  {
    name: 'interpolate: an empty image',
    run: () => interpolate(zeros([1, 1, 0, 4]), { size: 2 }),
    error: shapeError(/interpolate: expected input and output sizes of at least 1, got \[0, 4\]/),
  },
  {
    name: 'interpolate: unknown mode',
    run: () => interpolate(x(), { size: 2, mode: 'cubic' as 'nearest' }),
    error: rangeError(/interpolate: expected mode to be one of nearest, linear, bilinear, trilinear, got "cubic"/),
  },
  {
    name: 'interpolate: mode of another rank',
    run: () => interpolate(x(), { size: 2, mode: 'linear' }),
    error: shapeError(/interpolate: expected x of rank 3 for mode 'linear', got \[1, 1, 3, 4\]/),
  },
  {
    name: 'interpolate: nearest with corners aligned',
    run: () => interpolate(x(), { size: 2, alignCorners: true }),
    error: rangeError(/interpolate: expected alignCorners with a linear mode only/),
  },
]
