import { type DType, dtypes, wide } from '../../dtype.js'
import { describe } from '../../errors.js'
import { isPlain } from '../../io/json.js'
import { Tensor } from '../../tensor.js'
import { type Place, SharedTensor } from './shared.js'

/** A sample whose tensors stand elsewhere, by number. */
export type Tree =
  | { readonly tensor: number }
  | { readonly items: Tree[] }
  | { readonly fields: [string, Tree][] }
  | { readonly value: unknown }

/** Samples without their tensors' values, which lie in shared memory. */
export interface Packed {
  readonly trees: Tree[]
  readonly places: Place[]
  readonly memory: SharedArrayBuffer
}

/** Places begin at multiples of it. */
const ALIGNMENT = 8

/**
 * Copies the samples' tensors into `memory`, or into new memory where that is too small. Tensors that stand in the same
 * place of their samples lie one after the other.
 *
 * @throws {TypeError} for samples that are more than tensors, numbers, strings, typed arrays, dates, arrays and plain objects
 */
export function pack(samples: readonly unknown[], memory: SharedArrayBuffer): Packed {
  const found: Found = { tensors: [], byPlace: new Map() }
  const trees = samples.map((sample) => plant(sample, '', found))
  const places = new Array<Place>(found.tensors.length)
  let end = 0
  for (const numbers of found.byPlace.values()) {
    end = Math.ceil(end / ALIGNMENT) * ALIGNMENT
    for (const number of numbers) {
      const { shape, size, dtype: stored } = found.tensors[number]!
      const dtype: DType = wide(stored)
      const { bytes } = dtypes[dtype]
      const offset = Math.ceil(end / bytes) * bytes
      places[number] = { dtype, shape, offset }
      end = offset + size * bytes
    }
  }
  const target = end <= memory.byteLength ? memory : new SharedArrayBuffer(end)
  for (const [i, x] of found.tensors.entries()) new SharedTensor(places[i]!, target).values.set(x.dataSync())
  return { trees, places, memory: target }
}

/** What was packed; tensors are made by `toValue` of their values in shared memory. */
export function unpack({ trees, places, memory }: Packed, toValue: (x: SharedTensor) => unknown): unknown[] {
  const grow = (tree: Tree): unknown => {
    if ('tensor' in tree) return toValue(new SharedTensor(places[tree.tensor]!, memory))
    if ('items' in tree) return tree.items.map(grow)
    if ('fields' in tree) return Object.fromEntries(tree.fields.map(([name, field]) => [name, grow(field)]))
    return tree.value
  }
  return trees.map(grow)
}

interface Found {
  readonly tensors: Tensor[]
  readonly byPlace: Map<string, number[]>
}

function plant(value: unknown, place: string, found: Found): Tree {
  if (value instanceof Tensor) {
    const number = found.tensors.push(value) - 1
    const numbers = found.byPlace.get(place)
    if (numbers) numbers.push(number)
    else found.byPlace.set(place, [number])
    return { tensor: number }
  }
  if (Array.isArray(value)) return { items: value.map((each, i) => plant(each, `${place}.${i}`, found)) }
  if (isPlain(value))
    return { fields: Object.entries(value).map(([name, each]) => [name, plant(each, `${place}.${name}`, found)]) }
  if (travels(value)) return { value }
  throw new TypeError(
    'expected a sample that can leave its worker (tensors, numbers, strings, typed arrays, dates, arrays and plain ' +
      `objects of them), got ${describe(value)} in it`,
  )
}

const travels = (value: unknown): boolean =>
  ArrayBuffer.isView(value) ||
  value instanceof Date ||
  value === null ||
  !['object', 'function', 'symbol'].includes(typeof value)
