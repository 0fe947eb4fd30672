import protobuf from 'protobufjs/minimal.js'

// Files by hand, so that they can be wrong. Numbers of fields: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto

type Field = readonly [id: number, value: number | string | Uint8Array | readonly Field[] | { float: number }]

function message(fields: readonly Field[]): Uint8Array {
  const writer = protobuf.Writer.create()
  for (const [id, value] of fields)
    if (typeof value === 'number') writer.uint32(id << 3).int64(value)
    else if (typeof value === 'string') writer.uint32((id << 3) | 2).string(value)
    else if (value instanceof Uint8Array) writer.uint32((id << 3) | 2).bytes(value)
    else if (Array.isArray(value)) writer.uint32((id << 3) | 2).bytes(message(value as readonly Field[]))
    else writer.uint32((id << 3) | 5).float((value as { float: number }).float)
  return writer.finish()
}

/** Whole numbers as such, others and `{ float }` as floats, strings, lists of whole numbers; `{ floats }`, tensors. */
export type AttributeValue = number | { float: number } | string | readonly number[] | { floats: readonly number[] } | Constant // prettier-ignore

export interface Constant {
  shape: readonly number[]
  floats?: readonly number[]
  ints?: readonly number[]
  bools?: readonly number[]
  /** Floats in another file. */
  external?: Readonly<Record<string, string>>
}

const bytesOf = (array: Float32Array | BigInt64Array | Uint8Array) =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength)

function tensorFields(name: string, { shape, floats, ints, bools, external }: Constant): Field[] {
  const dims = shape.map((d): Field => [1, d])
  if (external) {
    const entries = Object.entries(external).map(([key, value]): Field => [13, [[1, key], [2, value]]]) // prettier-ignore
    return [...dims, [2, 1], [8, name], ...entries, [14, 1]]
  }
  const raw = floats
    ? Float32Array.from(floats)
    : ints
      ? BigInt64Array.from(ints, BigInt)
      : Uint8Array.from(bools ?? [])
  const type = floats ? 1 : ints ? 7 : 9
  return [...dims, [2, type], [8, name], [9, bytesOf(raw)]]
}

function attribute(name: string, value: AttributeValue): Field {
  const of = (type: number, ...fields: Field[]): Field => [5, [[1, name], ...fields, [20, type]]]
  if (typeof value === 'number') return of(2, [3, value])
  if (typeof value === 'string') return of(3, [4, value])
  if (Array.isArray(value)) return of(7, ...(value as readonly number[]).map((each): Field => [8, each]))
  if ('float' in value) return of(1, [2, value])
  if ('shape' in value) return of(4, [5, tensorFields('', value)])
  const floats = (value as { floats: readonly number[] }).floats
  return of(6, ...floats.map((float): Field => [7, { float }]))
}

export type NodeSpec = readonly [
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes?: Readonly<Record<string, AttributeValue>>,
]

export interface ModelSpec {
  opset?: number
  inputs?: Readonly<Record<string, readonly number[]>>
  outputs?: readonly string[]
  constants?: Readonly<Record<string, Constant>>
  nodes: readonly NodeSpec[]
}

/** A model of floats: by default from x to y. */
export function modelFile({
  opset = 17,
  inputs = { x: [2, 3, 5, 6] },
  outputs = ['y'],
  constants = {},
  nodes,
}: ModelSpec): Uint8Array {
  // prettier-ignore
  const info = (name: string, shape?: readonly number[]): Field[] => {
    const dims = shape ? [[2, shape.map((d): Field => [1, [[1, d]]])] as Field] : []
    return [[1, name], [2, [[1, [[1, 1], ...dims]]]]] // prettier-ignore
  }
  const graph: Field[] = [
    ...nodes.map(([op, from, to, attributes = {}], i): Field => [
      1,
      [
        ...from.map((name): Field => [1, name]),
        ...to.map((name): Field => [2, name]),
        [3, `node${i}`],
        [4, op],
        ...Object.entries(attributes).map(([name, value]) => attribute(name, value)),
      ],
    ]),
    [2, 'graph'],
    ...Object.entries(constants).map(([name, value]): Field => [5, tensorFields(name, value)]),
    ...Object.entries(inputs).map(([name, shape]): Field => [11, info(name, shape)]),
    ...outputs.map((name): Field => [12, info(name)]),
  ]
  return message([
    [1, opset < 9 ? 3 : 8],
    [7, graph],
    [8, [[2, opset]]],
  ])
}
