// Our DataLoader and PyTorch's in turns, images per second:
// npm run bench:loader -- --python PATH [--workers 0,2] [--rounds 5] [--filter SET] [--json FILE]
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { data, type Tensor } from 'convcore'
import { Peer } from './peer.js'
import { torchProgram } from './pytorch.js'
import { median } from './statistics.js'

type Batch = [images: Tensor, labels: Tensor]

/** One thing that is measured. */
interface Row {
  readonly set: 'photos' | 'mnist'
  readonly workers: number
  readonly batch: number
}

interface Result extends Row {
  /** Images per second, the median of the rounds; PyTorch's by how its loader is used. */
  readonly convcore: number
  readonly pytorch: Readonly<Record<string, number>> | undefined
  /** Ours by the best of PyTorch's. */
  readonly ratio: number | undefined
}

const { values } = parseArgs({
  options: {
    python: { type: 'string' },
    workers: { type: 'string', default: '0,1,2' },
    rounds: { type: 'string', default: '5' },
    filter: { type: 'string', default: '' },
    data: { type: 'string', default: process.env.CONVCORE_DATA },
    json: { type: 'string' },
  },
})
if (!values.data) throw new Error('expected --data FOLDER or CONVCORE_DATA, a folder with hymenoptera/ and mnist/')
const folder = values.data
const rounds = Number(values.rounds)
const rows: Row[] = [
  ...values.workers.split(',').map((workers): Row => ({ set: 'photos', workers: Number(workers), batch: 32 })),
  { set: 'mnist', workers: 0, batch: 128 } as const,
].filter(({ set }) => set.includes(values.filter))

const sets = {
  photos: () =>
    data.fromModule<[Tensor, number], Batch>(new URL('./sets/photos.js', import.meta.url), {
      root: join(folder, 'hymenoptera', 'train'),
    }),
  mnist: () => data.mnist({ split: 'train', root: join(folder, 'mnist'), normalize: { mean: 0.1307, std: 0.3081 } }),
}

/** Milliseconds of an epoch, after one that warms up; images in it. */
async function epoch({ set, workers, batch }: Row): Promise<{ ms: number; images: number }> {
  const source = (await sets[set]()) as data.Dataset<[Tensor, number], Batch>
  await using loader = new data.DataLoader(source, {
    batchSize: batch,
    shuffle: true,
    numWorkers: workers,
    ...(workers > 0 ? { persistentWorkers: true } : {}),
  })
  let images = 0
  const go = async () => {
    images = 0
    let last: Tensor | undefined
    for await (const [x, y] of loader) {
      images += x.shape[0]!
      last?.dispose()
      last = x
      y.dispose()
    }
    await last?.data() // all that was enqueued is done
  }
  await go()
  const start = performance.now()
  await go()
  return { ms: performance.now() - start, images }
}

const peer = values.python
  ? await Peer.start(values.python, [...torchProgram('loader.py'), '--data', folder])
  : undefined
const results: Result[] = []
console.log(`${'images per second'.padEnd(32)}convcore  PyTorch ${peer?.version ?? '(none)'}`)
for (const row of rows) {
  const ours: number[] = []
  const theirs: Record<string, number[]> = {}
  for (let round = 0; round < rounds; round++) {
    const { ms, images } = await epoch(row)
    ours.push((1000 * images) / ms)
    for (const [way, rate] of Object.entries(((await peer?.ask('loader', row)) ?? {}) as Record<string, number>))
      (theirs[way] ??= []).push(rate)
  }
  const pytorch = peer && Object.fromEntries(Object.entries(theirs).map(([way, rates]) => [way, median(rates)]))
  const best = pytorch && Math.max(...Object.values(pytorch))
  const result = { ...row, convcore: median(ours), pytorch, ratio: best && median(ours) / best }
  results.push(result)
  const peers = Object.entries(pytorch ?? {}).map(([way, rate]) => `${way} ${rate.toFixed(0)}`)
  const name = `${row.set}, ${row.workers} workers, batches of ${row.batch}`
  console.log(
    `${name.padEnd(32)}${result.convcore.toFixed(0).padStart(8)}  ${peers.join(', ')}  ${result.ratio?.toFixed(2) ?? ''}`,
  )
}
await peer?.stop()
if (values.json)
  writeFileSync(values.json, `${JSON.stringify({ pytorch: peer?.version, rounds, results }, undefined, 2)}\n`)
