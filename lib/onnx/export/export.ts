import { readFile } from 'node:fs/promises'
import { describe, ShapeError } from '../../errors.js'
import { writeAtomically } from '../../io/atomic.js'
import { isModule } from '../../nn/members.js'
import type { Module } from '../../nn/module.js'
import { indexSelect } from '../../ops/indexing.js'
import { Scope } from '../../scope.js'
import { Tensor } from '../../tensor.js'
import { encodeModel } from '../schema.js'
import { BATCHES, forAnyBatch } from './batch.js'
import { type BuiltGraph, buildGraph, type Names } from './graph.js'
import { Trace } from './trace.js'
import { modelProto, type ValueShape } from './write.js'

/** Options of {@link exportModel}. */
export interface ExportOptions {
  /** Version of the operators, from 13 to 21. Default 17. */
  opset?: number
  /** Default `input`, or `input_0`, `input_1`, … */
  inputNames?: readonly string[]
  /** Default `output`, or `output_0`, `output_1`, … */
  outputNames?: readonly string[]
  /** Whether batches of any size go in: the first dimension of all inputs and outputs. Default true. */
  dynamicBatch?: boolean
}

const LEAST = 13
const GREATEST = 21

/**
 * Writes a model as ONNX (https://onnx.ai), in float32 and as it is in evaluation mode. It is run on examples, and what it
 * calls then is what the file has: branches and loops are those of the examples, shapes too but for the batch.
 *
 * ```ts
 * await onnx.exportModel(model, zeros([1, 3, 224, 224]), 'model.onnx')
 * ```
 *
 * The file is replaced as a whole or, on failure, left as it was.
 *
 * @param example an input, or all inputs; their values do not matter
 * @throws {Error} ERR_EXPORT naming an op that ONNX has not, or that depends on the batch as no size does
 * @throws {RangeError} {@link TypeError} {@link ShapeError} for options and examples that do not fit
 */
export async function exportModel(
  model: Module,
  example: Tensor | readonly Tensor[],
  path: string,
  options: ExportOptions = {},
): Promise<void> {
  if (!isModule(model)) throw new TypeError(`exportModel: expected a module, got ${describe(model)}`)
  if (typeof path !== 'string') throw new TypeError(`exportModel: expected a path, got ${describe(path)}`)
  const { opset = 17, dynamicBatch = true } = options
  if (!(Number.isInteger(opset) && opset >= LEAST && opset <= GREATEST))
    throw new RangeError(`exportModel: expected opset to be from ${LEAST} to ${GREATEST}, got ${describe(opset)}`)
  const examples = checkExamples(example, dynamicBatch)
  const names: Names = { inputs: inputNames(options, examples.length), outputs: options.outputNames }
  using scope = new Scope()
  const trace = (size: number): Trace =>
    new Trace(model, dynamicBatch ? scope.run(() => examples.map((x) => ofBatch(x, size))) : examples)
  using first = trace(BATCHES[0])
  const one = buildGraph(first, model, opset, names)
  using second = dynamicBatch ? trace(BATCHES[1]) : undefined
  const other = second && buildGraph(second, model, opset, names)
  const graph = other ? forAnyBatch(one, other) : one
  const [inputs, outputs] = (['inputs', 'outputs'] as const).map((ends) => shapes(one[ends], other?.[ends]))
  const name = model.constructor.name || 'model'
  const proto = await modelProto(graph, name, opset, await version(), inputs!, outputs!)
  const bytes = await encodeModel(proto)
  await writeAtomically(path, (file) => file.writeFile(bytes))
}

function checkExamples(example: Tensor | readonly Tensor[], dynamic: boolean): readonly Tensor[] {
  const list = (Array.isArray(example) ? example : [example]) as readonly unknown[]
  for (const x of list)
    if (!(x instanceof Tensor)) throw new TypeError(`exportModel: expected tensors as examples, got ${describe(x)}`)
  const tensors = list as readonly Tensor[]
  if (!tensors.length) throw new TypeError('exportModel: expected an example, got none')
  const sizes = new Set(tensors.map(({ shape }) => shape[0]))
  if (dynamic && (sizes.size > 1 || !tensors[0]!.shape[0]))
    throw new ShapeError(
      `exportModel: expected examples of one batch, got first dimensions ${[...sizes].join(', ')}; ` +
        'give dynamicBatch: false where there is no batch',
    )
  return tensors
}

function inputNames({ inputNames }: ExportOptions, count: number): readonly string[] {
  if (inputNames && inputNames.length !== count)
    throw new RangeError(`exportModel: expected ${count} inputNames, got ${inputNames.length}`)
  return inputNames ?? (count === 1 ? ['input'] : Array.from({ length: count }, (_, i) => `input_${i}`))
}

/** As many samples of x, from the first on and round again. */
const ofBatch = (x: Tensor, size: number): Tensor =>
  indexSelect(
    x.detach(),
    0,
    Int32Array.from({ length: size }, (_, i) => i % x.shape[0]!),
  )

function shapes(one: BuiltGraph['inputs'], other: BuiltGraph['inputs'] | undefined): ValueShape[] {
  return one.map(({ name, tensor: { dtype, shape } }, i) => {
    const twin = other?.[i]!.tensor.shape ?? shape
    const dims = shape.map((n, d) =>
      n === twin[d] ? n : n === BATCHES[0] && twin[d] === BATCHES[1] ? 'batch' : `${name}_${d}`,
    )
    return { name, dtype, dims }
  })
}

/** Of this package. */
async function version(): Promise<string> {
  const text = await readFile(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
