import { describe, FormatError } from '../errors.js'
import { Generator } from '../random.js'
import { Tensor } from '../tensor.js'
import { isPlain } from './json.js'

/** JSON in which `{ "$tensor": name }` stands for a tensor, and the tensors by those names. */
export interface Tree {
  readonly json: string
  readonly tensors: Record<string, Tensor>
}

const TENSOR = '$tensor'
const NUMBER = '$number'

/**
 * Takes plain data with tensors in it apart. A tensor's name is its path, `model.conv1.weight`. What has a `stateDict()`
 * stands for its state, a generator too.
 *
 * @throws {TypeError} for what is no data, naming its path
 */
export function toTree(content: object): Tree {
  const tensors: Record<string, Tensor> = {}
  const name = (path: string): string => (Object.hasOwn(tensors, path) ? name(`${path}'`) : path)
  const put = (value: unknown, path: string): unknown => {
    if (value instanceof Tensor) {
      const own = name(path)
      tensors[own] = value
      return { [TENSOR]: own }
    }
    if (typeof value === 'number')
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : { [NUMBER]: Object.is(value, -0) ? '-0' : String(value) }
    if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
    if (Array.isArray(value)) return value.map((each, i) => put(each, `${path}.${i}`))
    const data = value instanceof Generator ? value.state() : stateOf(value)
    if (isPlain(data)) return record(data, path)
    throw new TypeError(
      `checkpoint: expected ${path} to be tensors, JSON or to have a stateDict(), got ${describe(data)}`,
    )
  }
  const record = (data: object, path: string): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(data).flatMap(([key, value]) => {
        if (key === TENSOR || key === NUMBER)
          throw new TypeError(`checkpoint: expected no key ${key}, got one in ${path}`)
        return value === undefined ? [] : [[key, put(value, path ? `${path}.${key}` : key)]]
      }),
    )
  return { json: JSON.stringify(record(content, '')), tensors }
}

/** @throws {FormatError} when the JSON is none, or names a tensor that is not there */
export function fromTree({ json, tensors }: Tree, file: string): Record<string, unknown> {
  const take = (_key: string, value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value
    if (Object.hasOwn(value, NUMBER)) return Number((value as Record<string, unknown>)[NUMBER])
    if (!Object.hasOwn(value, TENSOR)) return value
    const name = String((value as Record<string, unknown>)[TENSOR])
    if (Object.hasOwn(tensors, name)) return tensors[name]
    throw new FormatError(`${file}: expected a tensor ${name}, got none`)
  }
  try {
    return JSON.parse(json, take) as Record<string, unknown>
  } catch (cause) {
    if (cause instanceof FormatError) throw cause
    throw new FormatError(`${file}: expected JSON, got ${(cause as Error).message}`, { cause })
  }
}

const stateOf = (value: unknown): unknown =>
  typeof (value as { stateDict?: unknown } | undefined)?.stateDict === 'function'
    ? (value as { stateDict(): unknown }).stateDict()
    : value
