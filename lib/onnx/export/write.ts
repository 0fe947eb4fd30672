import { isFloat } from '../../dtype.js'
import { sizeOf } from '../../shape.js'
import { Tensor } from '../../tensor.js'
import {
  ATTRIBUTE,
  type AttributeProto,
  ELEMENT,
  type ModelProto,
  type TensorProto,
  type ValueInfoProto,
} from '../schema.js'
import type { Attribute, Initializer } from './builder.js'
import type { BuiltGraph } from './graph.js'

/** The version of the format that came with an opset. https://github.com/onnx/onnx/blob/main/docs/Versioning.md */
const irVersions: Readonly<Record<number, number>> = { 13: 7, 14: 7, 15: 8, 16: 8, 17: 8, 18: 8, 19: 9, 20: 9, 21: 10 }

/** Protobuf has no longer messages. */
const LONGEST = 2 ** 31 - 1

/** What a graph's value is, with a name in the place of sizes that vary. */
export interface ValueShape {
  readonly name: string
  readonly dtype: Tensor['dtype']
  readonly dims: readonly (number | string)[]
}

function attributeProto(name: string, value: Attribute): AttributeProto {
  if ('int' in value) return { name, i: value.int, type: ATTRIBUTE.int }
  if ('float' in value) return { name, f: value.float, type: ATTRIBUTE.float }
  if ('ints' in value) return { name, ints: [...value.ints], type: ATTRIBUTE.ints }
  return { name, s: Buffer.from(value.text), type: ATTRIBUTE.string }
}

const elementTypes = (dtype: Tensor['dtype']): number =>
  isFloat(dtype) ? ELEMENT.float : dtype === 'int32' ? ELEMENT.int32 : ELEMENT.uint8

const littleEndian = (array: Float32Array | Int32Array | Uint8Array | BigInt64Array): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength)

async function tensorProto(name: string, value: Initializer): Promise<TensorProto> {
  if (value instanceof Tensor) {
    const data = await value.data()
    const rawData = littleEndian(data instanceof Float64Array ? Float32Array.from(data) : data)
    return { name, dims: [...value.shape], dataType: elementTypes(value.dtype), rawData }
  }
  const { kind, shape, values } = value
  const rawData = littleEndian(kind === 'int64' ? BigInt64Array.from(values, BigInt) : Float32Array.from(values))
  return { name, dims: [...shape], dataType: kind === 'int64' ? ELEMENT.int64 : ELEMENT.float, rawData }
}

const valueInfo = ({ name, dtype, dims }: ValueShape): ValueInfoProto => ({
  name,
  type: {
    tensorType: {
      elemType: elementTypes(dtype),
      shape: { dim: dims.map((d) => (typeof d === 'number' ? { dimValue: d } : { dimParam: d })) },
    },
  },
})

/** @throws {RangeError} for weights of 2 GiB and more */
export async function modelProto(
  graph: BuiltGraph,
  name: string,
  opset: number,
  version: string,
  inputs: readonly ValueShape[],
  outputs: readonly ValueShape[],
): Promise<ModelProto> {
  const bytes = [...graph.initializers.values()].reduce((sum, { shape }) => sum + 4 * sizeOf(shape), 0)
  if (bytes > LONGEST) throw new RangeError(`exportModel: expected weights below 2 GiB, got ${bytes} bytes`)
  const initializer: TensorProto[] = []
  for (const [key, value] of graph.initializers) initializer.push(await tensorProto(key, value))
  return {
    irVersion: irVersions[opset]!,
    producerName: 'convcore',
    producerVersion: version,
    opsetImport: [{ domain: '', version: opset }],
    graph: {
      name,
      node: graph.nodes.map(({ op, inputs, output, attributes }) => ({
        opType: op,
        name: output,
        input: [...inputs],
        output: [output],
        attribute: Object.entries(attributes).map(([key, value]) => attributeProto(key, value)),
      })),
      initializer,
      input: inputs.map(valueInfo),
      output: outputs.map(valueInfo),
    },
  }
}
