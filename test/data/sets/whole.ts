// A dataset that makes whole batches.
import { data, rand, tensor, type Tensor } from 'convcore'

export default function whole({ random = false, grows = false } = {}) {
  return {
    length: grows && globalThis.process.env.CONVCORE_GROWN ? 11 : 10,
    get: (index: number) => tensor(index),
    batch: (indices: Int32Array) =>
      random ? rand([indices.length]) : tensor(Float32Array.from(indices, (i) => 2 * i)),
  } satisfies data.Dataset<Tensor>
}
