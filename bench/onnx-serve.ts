// onnxruntime-node on the rows of infer: a line of JSON { section, row } in, a line of milliseconds out, as pytorch/serve.py.
// node onnx-serve.js --ort FOLDER --models FOLDER --threads N --budget MS
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { inputOf, type ModelRow } from './cases.js'
import { milliseconds } from './timer.js'

interface Session {
  run(feeds: Record<string, unknown>): Promise<unknown>
  release(): Promise<void>
}
interface OnnxRuntime {
  InferenceSession: { create(file: string, options: { intraOpNumThreads: number }): Promise<Session> }
  Tensor: new (type: 'float32', data: Float32Array, shape: number[]) => unknown
}

const text = { type: 'string', default: '' } as const
const { ort, models, threads, budget } = parseArgs({
  options: { ort: text, models: text, threads: text, budget: text },
}).values
const from = createRequire(join(resolve(ort), 'package.json'))
const { InferenceSession, Tensor } = from('onnxruntime-node') as OnnxRuntime
const { version } = from('onnxruntime-node/package.json') as { version: string }

async function inference({ name, batch }: Omit<ModelRow, 'input'>): Promise<number> {
  const file = join(models, `${name}-${batch}.onnx`)
  const session = await InferenceSession.create(file, { intraOpNumThreads: Number(threads) })
  const shape = [batch, ...inputOf(name)]
  const size = shape.reduce((product, n) => product * n)
  const x = new Tensor('float32', Float32Array.from({ length: size }, Math.random), shape)
  const sample = async (calls: number) => {
    const started = performance.now()
    for (let i = 0; i < calls; i++) await session.run({ x })
    return performance.now() - started
  }
  const took = await milliseconds(sample, Number(budget))
  await session.release()
  return took
}

console.log(JSON.stringify({ version }))
for await (const line of createInterface({ input: process.stdin })) {
  const { row } = JSON.parse(line) as { row: ModelRow }
  console.log(JSON.stringify({ call: { onnxruntime: await inference(row) } }))
}
