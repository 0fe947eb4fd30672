import type { Module } from '../../nn/module.js'
import type { Tensor } from '../../tensor.js'
import { Builder, exportError } from './builder.js'
import { converters } from './converters.js'
import type { Trace } from './trace.js'

export interface BuiltGraph extends Pick<Builder, 'nodes' | 'initializers'> {
  readonly inputs: readonly { readonly name: string; readonly tensor: Tensor }[]
  readonly outputs: readonly { readonly name: string; readonly tensor: Tensor }[]
}

export interface Names {
  readonly inputs: readonly string[]
  readonly outputs: readonly string[] | undefined
}

/** Parameters and buffers under the names that they have in the state. */
function stateNames(model: Module): Map<Tensor, string> {
  const names = new Map<Tensor, string>()
  for (const [name, tensor] of [...model.namedParameters(), ...model.namedBuffers()]) names.set(tensor, name)
  return names
}

/** What was traced as a graph of ONNX. @throws {Error} ERR_EXPORT for an op that it has not */
export function buildGraph(trace: Trace, model: Module, opset: number, names: Names): BuiltGraph {
  const { inputs, outputs } = trace
  const outputNames = names.outputs ?? (outputs.length === 1 ? ['output'] : outputs.map((_, i) => `output_${i}`))
  if (outputNames.length !== outputs.length)
    throw new RangeError(`exportModel: expected ${outputs.length} outputNames, got ${outputNames.length}`)
  const taken = [...names.inputs, ...outputNames]
  if (new Set(taken).size !== taken.length || taken.includes(''))
    throw new RangeError(`exportModel: expected different names of inputs and outputs, got ${taken.join(', ')}`)
  const builder = new Builder(
    opset,
    taken,
    (x) => {
      const source = trace.source(x)
      return { source, constant: () => trace.constantOf(source) ?? refuse(trace.makerOf(source)) }
    },
    stateNames(model),
  )
  inputs.forEach((x, i) => builder.setName(x, names.inputs[i]!))
  for (const op of trace.ops) {
    const convert = Object.hasOwn(converters, op.op) ? converters[op.op] : undefined
    if (!convert) return refuse(op.op)
    builder.begin(op.op)
    builder.setName(op.result, convert(builder, op))
  }
  builder.begin('the output')
  const { nodes } = builder
  outputs.forEach((x, i) => {
    const from = builder.value(x)
    nodes.push({ op: 'Identity', inputs: [from], output: outputNames[i]!, attributes: {}, from: 'the output' })
  })
  return {
    nodes,
    initializers: builder.initializers,
    inputs: inputs.map((tensor, i) => ({ name: names.inputs[i]!, tensor })),
    outputs: outputs.map((tensor, i) => ({ name: outputNames[i]!, tensor })),
  }
}

const refuse = (op: string): never => {
  throw exportError(op, 'there is no way to write it')
}
