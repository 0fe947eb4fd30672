import { describe, DTypeError, ShapeError } from '../errors.js'
import { cat } from '../ops/join.js'
import { reshape } from '../ops/shape.js'
import { scope } from '../scope.js'
import { tensor } from '../create.js'
import { sameShape, showShape } from '../shape.js'
import { Tensor } from '../tensor.js'

/** What a batch of `Sample`s looks like: numbers and tensors become one tensor, tuples and arrays go element by element. */
export type Collated<Sample> = Sample extends number | Tensor
  ? Tensor
  : Sample extends readonly unknown[]
    ? { -readonly [K in keyof Sample]: Collated<Sample[K]> }
    : never

/**
 * Stacks samples along a new first dimension. Numbers become int32 when all are integers (labels), else float32.
 * `indices` name the samples in errors.
 *
 * @throws {ShapeError} when the samples differ in shape, DTypeError when they cannot be stacked
 */
export function collate<Sample>(samples: readonly Sample[], indices: ArrayLike<number>): Collated<Sample> {
  return scope(() => stack(samples, indices)) as Collated<Sample>
}

type Nested = Tensor | Nested[]

function stack(samples: readonly unknown[], indices: ArrayLike<number>): Nested {
  const first = samples[0]
  if (first instanceof Tensor) return stackTensors(samples, indices)
  if (typeof first === 'number') return stackNumbers(samples, indices)
  if (Array.isArray(first)) return stackElements(samples, first.length, indices)
  throw new DTypeError(
    `DataLoader: expected numbers, tensors, or arrays of them, or a collate function; sample ${indices[0]} is ${describe(first)}`,
  )
}

function stackTensors(samples: readonly unknown[], indices: ArrayLike<number>): Tensor {
  const tensors = samples as readonly Tensor[]
  const { shape } = tensors[0]!
  tensors.forEach((x, i) => {
    if (!(x instanceof Tensor)) throw mismatch(indices, i, 'a tensor', describe(x))
    if (sameShape(x.shape, shape)) return
    throw new ShapeError(
      `DataLoader: expected sample ${indices[i]} of shape ${showShape(shape)} like sample ${indices[0]}, got ${showShape(x.shape)}`,
    )
  })
  return cat(
    tensors.map((x) => reshape(x, [1, ...shape])),
    0,
  )
}

function stackNumbers(samples: readonly unknown[], indices: ArrayLike<number>): Tensor {
  const numbers = samples as readonly number[]
  numbers.forEach((x, i) => {
    if (typeof x !== 'number') throw mismatch(indices, i, 'a number', describe(x))
  })
  return tensor(numbers.every((x) => (x | 0) === x) ? Int32Array.from(numbers) : Float32Array.from(numbers))
}

function stackElements(samples: readonly unknown[], length: number, indices: ArrayLike<number>): Nested[] {
  const tuples = samples as readonly unknown[][]
  tuples.forEach((x, i) => {
    if (!Array.isArray(x)) throw mismatch(indices, i, 'an array', describe(x))
    if (x.length !== length) throw mismatch(indices, i, `an array of ${length}`, `an array of ${x.length}`)
  })
  return Array.from({ length }, (_, column) =>
    stack(
      tuples.map((tuple) => tuple[column]),
      indices,
    ),
  )
}

function mismatch(indices: ArrayLike<number>, i: number, expected: string, got: string): DTypeError {
  return new DTypeError(
    `DataLoader: expected sample ${indices[i]} to be ${expected} like sample ${indices[0]}, got ${got}`,
  )
}
