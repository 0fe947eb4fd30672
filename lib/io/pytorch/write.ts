import { describe } from '../../errors.js'
import { stridesOf } from '../../shape.js'
import { Tensor } from '../../tensor.js'
import { isPlain } from '../json.js'
import type { DType } from '../../dtype.js'

/** A tensor, with the key of the storage that it gets. */
export interface Stored {
  readonly key: string
  readonly tensor: Tensor
}

const storageClasses: Readonly<Record<DType, string>> = {
  float64: 'DoubleStorage',
  float32: 'FloatStorage',
  int32: 'IntStorage',
  uint8: 'ByteStorage',
  float16: 'HalfStorage',
  bfloat16: 'BFloat16Storage',
}

/**
 * Plain data with tensors in it as a pickle of protocol 2, which `torch.load(weights_only=True)` reads: objects and Maps
 * become dicts, arrays lists, null None, whole numbers ints, others floats. What has a `stateDict()` stands for its state.
 *
 * @returns the pickle and the tensors, each once
 * @throws {TypeError} for what is no data, naming where it is
 */
export function pickle(content: unknown): { bytes: Uint8Array; stored: Stored[] } {
  const writer = new Pickler()
  writer.put(content, '')
  return { bytes: Buffer.concat([Buffer.from([0x80, 2]), ...writer.parts, Buffer.from('.')]), stored: writer.stored }
}

class Pickler {
  readonly parts: Buffer[] = []
  readonly stored: Stored[] = []
  readonly #keys = new Map<Tensor, string>()
  readonly #open = new Set<object>()

  put(value: unknown, path: string): void {
    if (value === null) this.#code('N')
    else if (typeof value === 'boolean') this.parts.push(Buffer.from([value ? 0x88 : 0x89]))
    else if (typeof value === 'number') this.#number(value)
    else if (typeof value === 'bigint') this.#long(value)
    else if (typeof value === 'string') this.#text(value)
    else if (value instanceof Tensor) this.#tensor(value)
    else if (typeof value === 'object' || hasState(value)) this.#nested(value, path)
    else this.#refuse(value, path)
  }

  #nested(value: object, path: string): void {
    if (this.#open.has(value))
      throw new TypeError(`savePyTorch: expected data without cycles, got one at ${path || 'the top'}`)
    this.#open.add(value)
    const inner = (key: unknown): string => (path ? `${path}.${String(key)}` : String(key))
    const data = hasState(value) ? value.stateDict() : value
    if (Array.isArray(data)) {
      this.#code('](')
      for (const [i, each] of data.entries()) this.put(each, inner(i))
      this.#code('e')
    } else if (data instanceof Map || isPlain(data)) {
      this.#code('}(')
      for (const [key, each] of data instanceof Map ? data : Object.entries(data)) {
        if (each === undefined) continue
        if (typeof key !== 'string' && typeof key !== 'number') this.#refuse(key, `a key of ${path || 'the top'}`)
        this.put(key, path)
        this.put(each, inner(key))
      }
      this.#code('u')
    } else this.#refuse(data, path)
    this.#open.delete(value)
  }

  #refuse(value: unknown, path: string): never {
    throw new TypeError(
      `savePyTorch: expected ${path || 'the content'} to be tensors, plain data or to have a stateDict(), got ${describe(value)}`,
    )
  }

  #code(opcodes: string): void {
    this.parts.push(Buffer.from(opcodes, 'latin1'))
  }

  #text(text: string): void {
    const bytes = Buffer.from(text)
    const head = Buffer.from('X\0\0\0\0')
    head.writeUInt32LE(bytes.length, 1)
    this.parts.push(head, bytes)
  }

  #number(value: number): void {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
      this.#int(value)
      return
    }
    const bytes = Buffer.from('G\0\0\0\0\0\0\0\0')
    bytes.writeDoubleBE(value, 1)
    this.parts.push(bytes)
  }

  #int(value: number): void {
    if (value !== (value | 0)) {
      this.#long(BigInt(value))
      return
    }
    const bytes = Buffer.from('J\0\0\0\0')
    bytes.writeInt32LE(value, 1)
    this.parts.push(bytes)
  }

  /** Two's complement, little-endian, with room for the sign. */
  #long(value: bigint): void {
    const length = Math.ceil(((value < 0n ? -value : value).toString(2).length + 1) / 8)
    if (length > 255) throw new RangeError(`savePyTorch: expected an integer of at most 255 bytes, got ${length}`)
    const digits = BigInt.asUintN(8 * length, value)
      .toString(16)
      .padStart(2 * length, '0')
    this.parts.push(Buffer.from([0x8a, length]), Buffer.from(digits, 'hex').reverse())
  }

  #tensor(tensor: Tensor): void {
    let key = this.#keys.get(tensor)
    if (key === undefined) {
      key = String(this.stored.length)
      this.#keys.set(tensor, key)
      this.stored.push({ key, tensor })
    }
    this.#code('ctorch._utils\n_rebuild_tensor_v2\n((')
    this.#text('storage')
    this.#code(`ctorch\n${storageClasses[tensor.dtype]}\n`)
    this.#text(key)
    this.#text('cpu')
    this.#int(tensor.size)
    this.#code('tQ')
    this.#int(0)
    this.#sizes(tensor.shape)
    this.#sizes(stridesOf(tensor.shape, 'rowMajor'))
    this.parts.push(Buffer.from([0x89]))
    this.#code('ccollections\nOrderedDict\n)RtR')
  }

  #sizes(sizes: readonly number[]): void {
    this.#code('(')
    for (const size of sizes) this.#int(size)
    this.#code('t')
  }
}

/** A module is a function. */
const hasState = (value: unknown): value is { stateDict(): object } =>
  typeof (value as { stateDict?: unknown } | undefined)?.stateDict === 'function'
