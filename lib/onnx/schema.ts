import { FormatError } from '../errors.js'
import { many, messageType, one, packed } from '../io/protobuf.js'

// The messages of ONNX that are read or written, as protobufjs gives them: numbers that a file lacks are 0, lists are empty.
// Names and numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto

/** A whole number of 64 bits. */
export type Int64 = number | { toNumber(): number }

export interface TensorProto {
  dims?: Int64[]
  dataType?: number
  floatData?: number[]
  int32Data?: number[]
  int64Data?: Int64[]
  name?: string
  rawData?: Uint8Array
  doubleData?: number[]
  uint64Data?: Int64[]
  externalData?: StringEntry[]
  /** 1: elsewhere. */
  dataLocation?: number
}

export interface StringEntry {
  key?: string
  value?: string
}

export interface AttributeProto {
  name?: string
  f?: number
  i?: Int64
  s?: Uint8Array
  t?: TensorProto
  floats?: number[]
  ints?: Int64[]
  strings?: Uint8Array[]
  type?: number
}

export interface NodeProto {
  input?: string[]
  output?: string[]
  name?: string
  opType?: string
  domain?: string
  attribute?: AttributeProto[]
}

export interface DimensionProto {
  dimValue?: Int64
  dimParam?: string
}

export interface ValueInfoProto {
  name?: string
  type?: { tensorType?: { elemType?: number; shape?: { dim?: DimensionProto[] } } }
}

export interface GraphProto {
  node?: NodeProto[]
  name?: string
  initializer?: TensorProto[]
  input?: ValueInfoProto[]
  output?: ValueInfoProto[]
}

export interface ModelProto {
  irVersion?: Int64
  producerName?: string
  producerVersion?: string
  graph?: GraphProto
  opsetImport?: { domain?: string; version?: Int64 }[]
}

/** AttributeProto.type. */
export const ATTRIBUTE = { float: 1, int: 2, string: 3, tensor: 4, floats: 6, ints: 7, strings: 8 } as const

/** TensorProto.dataType, of the types that are read. */
export const ELEMENT = {
  float: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  double: 11,
  bfloat16: 16,
} as const

const MESSAGES = {
  TensorProto: {
    dims: many('int64', 1),
    dataType: one('int32', 2),
    floatData: packed('float', 4),
    int32Data: packed('int32', 5),
    int64Data: packed('int64', 7),
    name: one('string', 8),
    rawData: one('bytes', 9),
    doubleData: packed('double', 10),
    uint64Data: packed('uint64', 11),
    externalData: many('StringEntry', 13),
    dataLocation: one('int32', 14),
  },
  StringEntry: { key: one('string', 1), value: one('string', 2) },
  AttributeProto: {
    name: one('string', 1),
    f: one('float', 2),
    i: one('int64', 3),
    s: one('bytes', 4),
    t: one('TensorProto', 5),
    floats: many('float', 7),
    ints: many('int64', 8),
    strings: many('bytes', 9),
    type: one('int32', 20),
  },
  NodeProto: {
    input: many('string', 1),
    output: many('string', 2),
    name: one('string', 3),
    opType: one('string', 4),
    attribute: many('AttributeProto', 5),
    domain: one('string', 7),
  },
  Dimension: { dimValue: one('int64', 1), dimParam: one('string', 2) },
  Shape: { dim: many('Dimension', 1) },
  TensorType: { elemType: one('int32', 1), shape: one('Shape', 2) },
  TypeProto: { tensorType: one('TensorType', 1) },
  ValueInfoProto: { name: one('string', 1), type: one('TypeProto', 2) },
  GraphProto: {
    node: many('NodeProto', 1),
    name: one('string', 2),
    initializer: many('TensorProto', 5),
    input: many('ValueInfoProto', 11),
    output: many('ValueInfoProto', 12),
  },
  OperatorSet: { domain: one('string', 1), version: one('int64', 2) },
  ModelProto: {
    irVersion: one('int64', 1),
    producerName: one('string', 2),
    producerVersion: one('string', 3),
    graph: one('GraphProto', 7),
    opsetImport: many('OperatorSet', 8),
  },
}

const modelType = messageType(MESSAGES, 'ModelProto')

/** @throws {FormatError} for bytes that are no protobuf message of this kind */
export async function decodeModel(bytes: Uint8Array, name: string): Promise<ModelProto> {
  const type = await modelType()
  try {
    const model = type.decode(bytes) as ModelProto
    if (model.graph) return model
  } catch (error) {
    throw new FormatError(`${name}: expected an ONNX model, got damaged protobuf (${(error as Error).message})`, {
      cause: error,
    })
  }
  throw new FormatError(`${name}: expected an ONNX model, got a file without a graph`)
}

export async function encodeModel(model: ModelProto): Promise<Uint8Array> {
  return (await modelType()).encode(model).finish()
}

/** @throws {FormatError} unless it is a whole number that JavaScript holds */
export function wholeNumber(value: Int64, where: string): number {
  const number = typeof value === 'number' ? value : value.toNumber()
  if (!Number.isSafeInteger(number)) throw new FormatError(`${where}: expected a whole number, got ${number}`)
  return number
}
