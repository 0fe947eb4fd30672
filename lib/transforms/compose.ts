import { describe } from '../errors.js'
import { probability } from '../nn/validate.js'
import { defaultGenerator, type Generator } from '../random.js'
import type { Tensor } from '../tensor.js'
import { Transform, type TransformLike } from './transform.js'

function checkTransforms(owner: string, transforms: readonly TransformLike[]): readonly TransformLike[] {
  if (Array.isArray(transforms) && transforms.every((each) => typeof each === 'function'))
    return transforms as readonly TransformLike[]
  throw new TypeError(`${owner}: expected an array of transforms, got ${describe(transforms)}`)
}

/** Transforms one after the other. */
export class Compose extends Transform {
  /** In their order. */
  readonly transforms: readonly TransformLike[]

  /** @throws {TypeError} unless all are functions */
  constructor(transforms: readonly TransformLike[]) {
    super()
    this.transforms = checkTransforms('Compose', transforms)
  }

  forward(x: Tensor): Tensor {
    return this.transforms.reduce((image, transform) => transform(image), x)
  }
}

/** Any function as a transform, whose tensors made on the way are freed. */
export class Lambda extends Transform {
  /** The function. */
  readonly forward: TransformLike

  /** @throws {TypeError} unless it is a function */
  constructor(lambda: TransformLike) {
    super()
    if (typeof lambda !== 'function') throw new TypeError(`Lambda: expected a function, got ${describe(lambda)}`)
    this.forward = lambda
  }
}

/** What transforms that draw are told. */
export interface DrawOptions {
  /** Default: the one that `manualSeed()` seeds. */
  generator?: Generator | undefined
}

/** Options of {@link RandomApply}. */
export interface RandomApplyOptions extends DrawOptions {
  /** Default 0.5. */
  p?: number | undefined
}

/** All of some transforms, or none. */
export class RandomApply extends Compose {
  /** Probability. */
  readonly p: number
  /** What is drawn from. */
  readonly generator: Generator

  /** @throws {TypeError} unless all are functions; {@link RangeError} unless p is a probability */
  constructor(
    transforms: readonly TransformLike[],
    { p = 0.5, generator = defaultGenerator }: RandomApplyOptions = {},
  ) {
    super(transforms)
    this.p = probability('RandomApply', 'p', p)
    this.generator = generator
  }

  override forward(x: Tensor): Tensor {
    return this.generator.random() < this.p ? super.forward(x) : x
  }
}

/** Options of {@link RandomChoice}. */
export interface RandomChoiceOptions extends DrawOptions {
  /** How often each is taken, relative to the others. Default: all as often. */
  p?: readonly number[] | undefined
}

/** One of some transforms. */
export class RandomChoice extends Transform {
  /** One of which is taken. */
  readonly transforms: readonly TransformLike[]
  /** How often each is taken, relative to the others. */
  readonly p: readonly number[]
  /** What is drawn from. */
  readonly generator: Generator

  /** @throws {TypeError} unless all are functions; {@link RangeError} unless there is a share for each */
  constructor(transforms: readonly TransformLike[], options: RandomChoiceOptions = {}) {
    super()
    this.transforms = checkTransforms('RandomChoice', transforms)
    const { p = transforms.map(() => 1), generator = defaultGenerator } = options
    const total = p.reduce((sum, each) => sum + each, 0)
    if (p.length !== transforms.length || !p.every((each) => each >= 0) || !(total > 0 && total < Infinity))
      throw new RangeError(`RandomChoice: expected a share from 0 on for each transform, got ${describe(p)}`)
    this.p = p
    this.generator = generator
  }

  forward(x: Tensor): Tensor {
    const total = this.p.reduce((sum, each) => sum + each, 0)
    let left = total * this.generator.random()
    let chosen = this.p.findIndex((share) => (left -= share) < 0)
    if (chosen < 0) chosen = this.p.findLastIndex((share) => share > 0)
    return this.transforms[chosen]!(x)
  }
}
