// Time per op of tiny tensors, where computing costs nothing: forward, and forward with backward.
// npm run bench:overhead [-- --python PATH]   runs PyTorch beside it, alternating, where PATH has it.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { add, conv2d, noGrad, ones, scope, sync, toChannelsLast, type Tensor } from 'convcore'

const ROUNDS = 5
const OPS = 2000 // per measurement: below what the queue holds, so that the caller's cost is seen
const REPEATS = 30

type Figures = Record<string, number>

/** Median microseconds per op as the calling thread sees it; the queue is drained between measurements. */
async function measure(op: () => void): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < REPEATS; i++) {
    const started = performance.now()
    scope(() => {
      for (let k = 0; k < OPS; k++) op()
    })
    times.push(((performance.now() - started) * 1000) / OPS)
    await sync()
  }
  return times.sort((a, b) => a - b)[REPEATS >> 1]!
}

const x = ones([4], { requiresGrad: true })
const y = ones([4])
const image = toChannelsLast(ones([1, 2, 4, 4]))
const weight = toChannelsLast(ones([2, 2, 3, 3]))
weight.requiresGrad = true
const gradient = ones([4])
const imageGradient = toChannelsLast(ones([1, 2, 2, 2]))
const backward = (result: Tensor, dy: Tensor, leaf: Tensor) => {
  result.backward(dy)
  leaf.grad!.dispose()
  leaf.grad = undefined
}

async function ours(): Promise<Figures> {
  return {
    'add, forward': await measure(() => noGrad(() => add(x, y))),
    'add, forward + backward': await measure(() => backward(add(x, y), gradient, x)),
    'conv2d, forward': await measure(() => noGrad(() => conv2d(image, weight))),
    'conv2d, forward + backward': await measure(() => backward(conv2d(image, weight), imageGradient, weight)),
  }
}

function torch(python: string): Figures {
  const script = fileURLToPath(new URL('../../../bench/overhead.py', import.meta.url))
  const { status, stdout, stderr } = spawnSync(python, [script], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`PyTorch's measurement failed:\n${stderr}`)
  return JSON.parse(stdout) as Figures
}

const { python } = parseArgs({ options: { python: { type: 'string' } } }).values
const rounds: { ours: Figures; torch: Figures | undefined }[] = []
for (let i = 0; i < ROUNDS; i++) rounds.push({ ours: await ours(), torch: python ? torch(python) : undefined })

const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1]!
console.log('µs per op (median of medians)'.padEnd(32), 'convcore', python ? '  PyTorch   ratio' : '')
for (const name of Object.keys(rounds[0]!.ours)) {
  const mine = median(rounds.map((round) => round.ours[name]!))
  const theirs = python ? median(rounds.map((round) => round.torch![name]!)) : undefined
  const peer = theirs ? `${theirs.toFixed(2).padStart(9)} ${(mine / theirs).toFixed(2).padStart(7)}` : ''
  console.log(name.padEnd(32), mine.toFixed(2).padStart(8), peer)
}
