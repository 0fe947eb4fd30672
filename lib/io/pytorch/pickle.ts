import { FormatError } from '../../errors.js'

/** A Python class or function that a file may name: what it makes of arguments. Nothing else can be called. */
export class PythonGlobal {
  constructor(
    readonly name: string,
    /** undefined for arguments that it does not take */
    readonly call: (args: readonly unknown[]) => unknown,
  ) {}
}

/** What the file may refer to. */
export interface Context {
  /** Stands in errors. */
  readonly path: string
  /** What `module.name` stands for; undefined for what is not allowed. */
  global(name: string): unknown
  /** What an identifier of something outside the pickle stands for; undefined for what is none. */
  persistent(id: unknown): unknown
  /** Takes attributes of an object that was made before; whether it may have some. */
  build(target: unknown, state: unknown): boolean
}

/** The bottom of what TUPLE, APPENDS and so on take from the stack. */
const MARK = Symbol('mark')

/** Python's arbitrary integers, up to this many bytes. */
const LONGEST_INTEGER = 1024

/** Bytes of a pickle: objects alone, without the tensors' elements. */
export const LONGEST_PICKLE = 2 ** 24
/** Lists, dicts and so on, and what remembers them: a byte of a pickle can make one, which takes some hundred bytes. */
const MOST_OBJECTS = 2 ** 21
/** What calls are given may be as long as the pickle so far and this, so that it is not copied again and again. */
const GIVEN_MORE = 2 ** 16

/**
 * A machine for Python's pickles (protocols 2 to 5, binary opcodes alone) that makes plain data: dicts become Maps, lists
 * and tuples arrays. It runs no code: it knows the opcodes below and the globals of its context.
 */
export class Unpickler {
  readonly #bytes: Buffer
  readonly #context: Context
  readonly #start: number
  #at: number
  #objects = 0
  #given = 0
  #stack: unknown[] = []
  #memo = new Map<number, unknown>()

  constructor(bytes: Uint8Array, start: number, context: Context) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#start = start
    this.#at = start
    this.#context = context
  }

  /** Where the pickle ended, once `load` has returned. */
  get end(): number {
    return this.#at
  }

  /** @throws {FormatError} when the pickle is damaged or holds anything else than data */
  load(): unknown {
    for (;;) {
      const at = this.#at
      if (at - this.#start > LONGEST_PICKLE) this.#fail(`at most ${LONGEST_PICKLE} bytes`, 'more')
      const opcode = this.#uint(1)
      if (opcode === 0x2e) return this.#pop() // STOP
      if (!this.#step(opcode)) this.#fail(`an opcode of data`, `0x${opcode.toString(16).padStart(2, '0')} at ${at}`)
    }
  }

  #step(opcode: number): boolean {
    switch (opcode) {
      case 0x80: // PROTO
        return this.#protocol(this.#uint(1))
      case 0x95: // FRAME
        return this.#take(8).length === 8
      case 0x28: // MARK
        return this.#push(MARK)
      case 0x30: // POP
        this.#stack.pop()
        return true
      case 0x31: // POP_MARK
        this.#popMark()
        return true
      case 0x4e: // NONE
        return this.#push(null)
      case 0x88: // NEWTRUE
        return this.#push(true)
      case 0x89: // NEWFALSE
        return this.#push(false)
      case 0x4a: // BININT
        return this.#push(this.#take(4).readInt32LE())
      case 0x4b: // BININT1
        return this.#push(this.#uint(1))
      case 0x4d: // BININT2
        return this.#push(this.#uint(2))
      case 0x8a: // LONG1
        return this.#push(this.#long(this.#uint(1)))
      case 0x8b: // LONG4
        return this.#push(this.#long(this.#uint(4)))
      case 0x47: // BINFLOAT
        return this.#push(this.#take(8).readDoubleBE())
      case 0x58: // BINUNICODE
        return this.#push(this.#take(this.#uint(4)).toString('utf8'))
      case 0x8c: // SHORT_BINUNICODE
        return this.#push(this.#take(this.#uint(1)).toString('utf8'))
      case 0x8d: // BINUNICODE8
        return this.#push(this.#take(this.#uint(8)).toString('utf8'))
      case 0x54: // BINSTRING
        return this.#push(this.#take(this.#uint(4)).toString('latin1'))
      case 0x55: // SHORT_BINSTRING
        return this.#push(this.#take(this.#uint(1)).toString('latin1'))
      case 0x42: // BINBYTES
        return this.#push(Uint8Array.from(this.#take(this.#uint(4))))
      case 0x43: // SHORT_BINBYTES
        return this.#push(Uint8Array.from(this.#take(this.#uint(1))))
      default:
        return this.#collect(opcode)
    }
  }

  /** Opcodes of containers, names and references. */
  #collect(opcode: number): boolean {
    switch (opcode) {
      case 0x5d: // EMPTY_LIST
      case 0x29: // EMPTY_TUPLE
        return this.#push([])
      case 0x6c: // LIST
      case 0x74: // TUPLE
        return this.#push(this.#popMark())
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        return this.#push(this.#popMany(opcode - 0x84))
      case 0x61: // APPEND
        return this.#append([this.#pop()])
      case 0x65: // APPENDS
        return this.#append(this.#popMark())
      case 0x7d: // EMPTY_DICT
        return this.#push(new Map())
      case 0x64: // DICT
        return this.#setItems(new Map(), this.#popMark(), true)
      case 0x73: // SETITEM
        return this.#setItems(undefined, this.#popMany(2))
      case 0x75: // SETITEMS
        return this.#setItems(undefined, this.#popMark())
      case 0x8f: // EMPTY_SET
        return this.#push(new Set())
      case 0x90: // ADDITEMS
        return this.#addItems(this.#popMark())
      case 0x63: // GLOBAL
        return this.#global(this.#line(), this.#line())
      case 0x93: // STACK_GLOBAL
        return this.#global(...(this.#popMany(2) as [unknown, unknown]))
      case 0x52: // REDUCE
      case 0x81: // NEWOBJ
        return this.#call()
      case 0x62: // BUILD
        return this.#build()
      case 0x51: // BINPERSID
        return this.#persistent(this.#pop())
      case 0x71: // BINPUT
        return this.#put(this.#uint(1))
      case 0x72: // LONG_BINPUT
        return this.#put(this.#uint(4))
      case 0x94: // MEMOIZE
        return this.#put(this.#memo.size)
      case 0x68: // BINGET
        return this.#get(this.#uint(1))
      case 0x6a: // LONG_BINGET
        return this.#get(this.#uint(4))
      default:
        return false
    }
  }

  #fail(expected: string, got: string): never {
    throw new FormatError(`${this.#context.path}: expected ${expected} in a pickle, got ${got}`)
  }

  #protocol(version: number): boolean {
    if (version < 2 || version > 5) this.#fail('protocol 2 to 5', String(version))
    return true
  }

  #take(length: number): Buffer {
    const start = this.#at
    if (length > this.#bytes.length - start) this.#fail(`${length} bytes at ${start}`, 'its end')
    this.#at += length
    return this.#bytes.subarray(start, this.#at)
  }

  #uint(bytes: 1 | 2 | 4 | 8): number {
    const field = this.#take(bytes)
    return bytes === 8 ? Number(field.readBigUInt64LE()) : field.readUIntLE(0, bytes)
  }

  /** Two's complement of any length. */
  #long(length: number): number | bigint {
    if (length > LONGEST_INTEGER) this.#fail(`an integer of at most ${LONGEST_INTEGER} bytes`, String(length))
    const digits = Buffer.from(this.#take(length)).reverse().toString('hex')
    const value = BigInt.asIntN(8 * length, BigInt(`0x${digits || '0'}`))
    return Number.isSafeInteger(Number(value)) ? Number(value) : value
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at)
    if (end < 0) this.#fail('a name', 'its end')
    const text = this.#bytes.toString('utf8', this.#at, end)
    this.#at = end + 1
    return text
  }

  #push(value: unknown): true {
    if (typeof value === 'object' && value !== null) this.#count()
    this.#stack.push(value)
    return true
  }

  #count(): void {
    if (++this.#objects > MOST_OBJECTS) this.#fail(`at most ${MOST_OBJECTS} objects`, 'more')
  }

  #pop(): unknown {
    return this.#popMany(1)[0]
  }

  #popMany(count: number): unknown[] {
    const values = this.#stack.splice(-count)
    if (values.length !== count || values.includes(MARK)) this.#fail(`${count} values on the stack`, 'fewer')
    return values
  }

  #popMark(): unknown[] {
    const mark = this.#stack.lastIndexOf(MARK)
    if (mark < 0) this.#fail('a mark on the stack', 'none')
    const values = this.#stack.splice(mark)
    values.shift()
    return values
  }

  #top(): unknown {
    return this.#stack.at(-1)
  }

  #append(values: unknown[]): true {
    const list = this.#top()
    if (!Array.isArray(list)) this.#fail('a list to append to', typeof list)
    for (const value of values) (list as unknown[]).push(value)
    return true
  }

  #setItems(fresh: Map<unknown, unknown> | undefined, items: unknown[], push = false): boolean {
    const dict = fresh ?? this.#top()
    if (!(dict instanceof Map)) this.#fail('a dict to fill', typeof dict)
    if (items.length % 2) this.#fail('pairs for a dict', String(items.length))
    for (let i = 0; i < items.length; i += 2) (dict as Map<unknown, unknown>).set(items[i], items[i + 1])
    return push ? this.#push(dict) : true
  }

  #addItems(items: unknown[]): true {
    const set = this.#top()
    if (!(set instanceof Set)) this.#fail('a set to fill', typeof set)
    for (const item of items) (set as Set<unknown>).add(item)
    return true
  }

  #global(module: unknown, name: unknown): true {
    if (typeof module !== 'string' || typeof name !== 'string') this.#fail('the name of a class', typeof name)
    const value = this.#context.global(`${module}.${name}`)
    if (value === undefined) this.#fail('tensors and plain data', `the class ${module}.${name}, which is never run`)
    return this.#push(value)
  }

  #call(): true {
    const [callee, args] = this.#popMany(2)
    if (!(callee instanceof PythonGlobal) || !Array.isArray(args))
      return this.#fail('a class to make an object of', typeof callee)
    for (const given of args) this.#given += lengthOf(given)
    if (this.#given > this.#at - this.#start + GIVEN_MORE) this.#fail('objects made of data once', 'copies of it')
    const value = callee.call(args as unknown[])
    if (value === undefined) this.#fail(`what ${callee.name} is made of`, `${args.length} other arguments`)
    return this.#push(value)
  }

  #build(): true {
    const state = this.#pop()
    if (!this.#context.build(this.#top(), state)) this.#fail('plain data', 'an object with attributes')
    return true
  }

  #persistent(id: unknown): true {
    const value = this.#context.persistent(id)
    if (value === undefined) this.#fail('a storage', 'an identifier of something else')
    return this.#push(value)
  }

  #put(index: number): true {
    if (!this.#stack.length || this.#top() === MARK) this.#fail('a value to remember', 'none')
    this.#count()
    this.#memo.set(index, this.#top())
    return true
  }

  #get(index: number): true {
    if (!this.#memo.has(index)) this.#fail(`a value remembered as ${index}`, 'none')
    return this.#push(this.#memo.get(index))
  }
}

function lengthOf(value: unknown): number {
  if (value instanceof Map || value instanceof Set) return value.size
  return typeof value === 'string' || Array.isArray(value) || value instanceof Uint8Array ? value.length : 0
}
