// Reads tensors for ever, good ones and failed ones, as a worker that is about to be terminated.
import { setImmediate } from 'node:timers/promises'
import { parentPort } from 'node:worker_threads'
import { indexSelect, ones, zeros } from 'convcore'

const good = zeros([1000])
const failed = indexSelect(ones([2]), 0, Int32Array.of(5))
parentPort?.postMessage('ready')
for (;;) {
  const reads = [good.data(), failed.data(), good.add(1).data()]
  good.dataSync()
  try {
    failed.dataSync()
  } catch {
    // Every second read fails.
  }
  void Promise.allSettled(reads)
  await setImmediate()
}
