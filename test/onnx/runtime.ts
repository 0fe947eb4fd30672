import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'
import type { Tensor } from 'convcore'

export interface Given {
  readonly shape: readonly number[]
  readonly values: readonly number[]
}

/** What onnxruntime makes of inputs, in the order of the model's outputs. */
export async function runtime(source: string | Uint8Array, ...inputs: Tensor[]): Promise<Given[]> {
  const session = await InferenceSession.create(source as string, { logSeverityLevel: 3 })
  const feeds = Object.fromEntries(
    inputs.map((x, i) => {
      const type = x.dtype === 'int32' ? 'int32' : 'float32'
      return [session.inputNames[i]!, new OrtTensor(type, x.dataSync() as Float32Array, x.shape)]
    }),
  )
  const results = await session.run(feeds)
  return session.outputNames.map((name) => {
    const { dims, data } = results[name]!
    return { shape: dims, values: Array.from(data as Float32Array, Number) }
  })
}

/** The largest difference between values, over the largest value. */
export function distance(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity
  let [difference, largest] = [0, 1e-6]
  for (let i = 0; i < actual.length; i++) {
    const gap = actual[i] === expected[i] ? 0 : Math.abs(actual[i]! - expected[i]!)
    difference = Math.max(difference, Number.isNaN(gap) ? Infinity : gap)
    largest = Math.max(largest, Math.abs(expected[i]!))
  }
  return difference / largest
}
