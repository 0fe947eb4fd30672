import { existsSync } from 'node:fs'
import { basename, dirname, extname, join, resolve } from 'node:path'
import { keras, onnx, zeros } from '../../index.js'
import type { ConvertOptions } from '../commands/convert.js'
import { UsageError } from '../errors.js'
import { openModel } from '../modelFile.js'
import { printPairs } from '../output.js'
import { isWeights, modelIn, readWeights, weightEndings, writeWeights, type Weights } from '../weights.js'

/** Writes weights or a model in another format; what stands at `to` is replaced as a whole, or left as it was. */
export async function convert(from: string, to: string, options: ConvertOptions): Promise<void> {
  const write = writerOf(to)
  if (resolve(from) === resolve(to)) throw new UsageError(`expected another file to write than ${from}`)
  if (existsSync(write.path) && !options.force)
    throw new Error(`${write.path}: expected no file there, got one; --force replaces it`)
  await write.write(from, options)
}

interface Target {
  /** Of the file that says what is there. */
  readonly path: string
  readonly write: (from: string, options: ConvertOptions) => Promise<void>
}

function writerOf(to: string): Target {
  const ending = extname(to).toLowerCase()
  if (isWeights(to)) return { path: to, write: (from, options) => toWeights(from, to, options) }
  if (ending === '.onnx') return { path: to, write: (from, options) => toOnnx(from, to, options) }
  if (basename(to) === 'model.json') return { path: to, write: (from, options) => toKeras(from, dirname(to), options) }
  if (ending === '') return { path: join(to, 'model.json'), write: (from, options) => toKeras(from, to, options) }
  throw new UsageError(`${to}: expected a file that ends in ${weightEndings.join(', ')} or .onnx, or a model.json`)
}

async function toWeights(from: string, to: string, options: ConvertOptions): Promise<void> {
  const weights = await weightsOf(from, options)
  await writeWeights(to, weights)
  const tensors = Object.values(weights.state)
  printPairs([
    ['file', to],
    ['tensors', tensors.length],
    ['elements', tensors.reduce((sum, { size }) => sum + size, 0)],
  ])
}

async function weightsOf(from: string, options: ConvertOptions): Promise<Weights> {
  if (isWeights(from)) return readWeights(from)
  if (existsSync(modelIn(from))) return readWeights(modelIn(from))
  const { module } = await openModel(from, { size: 1, ...options }) // weights have no size
  return { state: module.stateDict(), metadata: {} }
}

async function toOnnx(from: string, to: string, { opset, ...options }: ConvertOptions): Promise<void> {
  const { module, name, preparation } = await openModel(from, options)
  const shape = [preparation.channels, ...preparation.size]
  await onnx.exportModel(module, zeros([1, ...shape]), to, { ...(opset !== undefined && { opset }) })
  printPairs([
    ['file', to],
    ['model', name],
    ['input', ['N', ...shape].join('x')],
  ])
}

async function toKeras(from: string, folder: string, options: ConvertOptions): Promise<void> {
  const { module, name, preparation } = await openModel(from, options)
  const inputShape = [preparation.channels, ...preparation.size]
  try {
    await keras.saveLayersModel(module, folder, { inputShape })
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new Error(`${name} has no counterpart in Keras: ${error.message}; ONNX may do`, { cause: error })
  }
  printPairs([
    ['file', join(folder, 'model.json')],
    ['model', name],
    ['input', ['N', ...inputShape.slice(1), inputShape[0]!].join('x')],
  ])
}
