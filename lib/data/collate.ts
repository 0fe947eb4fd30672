import { describe, DTypeError, ShapeError } from '../errors.js'
import { cat } from '../ops/join.js'
import { reshape } from '../ops/shape.js'
import { scope } from '../scope.js'
import { tensor } from '../create.js'
import { sameShape, showShape } from '../shape.js'
import { Tensor } from '../tensor.js'
import { SharedTensor } from './workers/shared.js'

/** What a batch of `Sample`s looks like: numbers and tensors become one tensor, tuples and arrays go element by element. */
export type Collated<Sample> = Sample extends number | Tensor
  ? Tensor
  : Sample extends readonly unknown[]
    ? { -readonly [K in keyof Sample]: Collated<Sample[K]> }
    : never

/** What numbers become, by where they stand in a sample: `''` a sample itself, `1` its second element, `1.0` one of that. */
export type NumberTypes = Record<string, 'int32' | 'float32'>

/**
 * Stacks samples along a new first dimension. JavaScript does not tell integers from other numbers: those that stand in
 * the same place become int32 when all in the first batch are integers (labels), else float32, and so in all batches.
 *
 * @param indices name the samples in errors
 * @param numbers what earlier batches decided; decisions of this one are added
 * @throws {ShapeError} when the samples differ in shape, DTypeError when they cannot be stacked, or a number is no integer
 *   where those of earlier batches were
 */
export function collate<Sample>(
  samples: readonly Sample[],
  indices: ArrayLike<number>,
  numbers: NumberTypes = {},
): Collated<Sample> {
  return scope(() => stack(samples, { indices, numbers, place: '' })) as Collated<Sample>
}

interface Place {
  readonly indices: ArrayLike<number>
  readonly numbers: NumberTypes
  readonly place: string
}

type Nested = Tensor | Nested[]

function stack(samples: readonly unknown[], at: Place): Nested {
  const first = samples[0]
  const { indices } = at
  if (first instanceof SharedTensor) return stackShared(samples, at)
  if (first instanceof Tensor) return stackTensors(samples, indices)
  if (typeof first === 'number') return stackNumbers(samples, at)
  if (Array.isArray(first)) return stackElements(samples, first.length, at)
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

/** In one write where the values lie one after the other in shared memory. */
function stackShared(samples: readonly unknown[], at: Place): Nested {
  const whole = SharedTensor.join(samples)
  if (whole) return whole.toTensor()
  return stack(
    samples.map((x) => (x instanceof SharedTensor ? x.toTensor() : x)),
    at,
  )
}

function stackNumbers(samples: readonly unknown[], { indices, numbers, place }: Place): Tensor {
  const values = samples as readonly number[]
  values.forEach((x, i) => {
    if (typeof x !== 'number') throw mismatch(indices, i, 'a number', describe(x))
  })
  const real = values.findIndex((x) => (x | 0) !== x)
  numbers[place] ??= real < 0 ? 'int32' : 'float32'
  if (numbers[place] === 'float32') return tensor(Float32Array.from(values))
  if (real < 0) return tensor(Int32Array.from(values))
  throw new DTypeError(
    `DataLoader: expected ${place && `element ${place} of `}sample ${indices[real]} to be an integer of 32 bits like those ` +
      `in earlier batches, got ${values[real]}; tensors as samples, or a collate function, say what is meant`,
  )
}

function stackElements(samples: readonly unknown[], length: number, at: Place): Nested[] {
  const { indices, place } = at
  const tuples = samples as readonly unknown[][]
  tuples.forEach((x, i) => {
    if (!Array.isArray(x)) throw mismatch(indices, i, 'an array', describe(x))
    if (x.length !== length) throw mismatch(indices, i, `an array of ${length}`, `an array of ${x.length}`)
  })
  return Array.from({ length }, (_, column) =>
    stack(
      tuples.map((tuple) => tuple[column]),
      { ...at, place: place ? `${place}.${column}` : String(column) },
    ),
  )
}

function mismatch(indices: ArrayLike<number>, i: number, expected: string, got: string): DTypeError {
  return new DTypeError(
    `DataLoader: expected sample ${indices[i]} to be ${expected} like sample ${indices[0]}, got ${got}`,
  )
}
