import {
  capture,
  compile,
  crossEntropy,
  type Device,
  info,
  matmul,
  nn,
  optim,
  randn,
  tensor,
  type Tensor,
} from '../../index.js'
import { build } from '../build.js'
import type { BenchOptions } from '../commands/bench.js'
import { deviceOf } from '../device.js'
import { UsageError } from '../errors.js'
import { networks } from '../networks.js'
import { note, printJson, printTable } from '../output.js'

/** Batch and side of the images; the network's own by default. */
interface Case {
  readonly kind: 'train' | 'predict'
  readonly network: string
  readonly batch: number
  readonly side?: number
}

const cases: readonly Case[] = [
  { kind: 'train', network: 'mnistCnn', batch: 64 },
  { kind: 'train', network: 'resnet20', batch: 64 },
  { kind: 'train', network: 'mobilenetV2', batch: 16, side: 96 },
  { kind: 'predict', network: 'resnet20', batch: 1 },
  { kind: 'predict', network: 'squeezenet1_1', batch: 1 },
  { kind: 'predict', network: 'resnet18', batch: 1 },
  { kind: 'predict', network: 'resnet18', batch: 16 },
]

const nameOf = ({ kind, network, batch }: Case): string => `${kind}/${network}/${batch}`

/** Runs at least, and before any is timed. */
const LEAST = 5
const WARM = 3

/** Times networks, and prints each line as it is there. */
export async function bench({ filter = '', seconds, device: wanted, json }: BenchOptions): Promise<void> {
  const device = deviceOf(wanted)
  const chosen = cases.filter((each) => nameOf(each).includes(filter))
  if (chosen.length === 0)
    throw new UsageError(`--filter: expected a part of ${cases.map(nameOf).join(', ')}, got ${filter}`)
  const { isa, threads } = info()
  const on = device.startsWith('cuda') ? device : `${device}, ${isa}, ${threads} thread${threads > 1 ? 's' : ''}`
  const peaks = [await peakOf(device, seconds / 4)]
  note(`${on}; a product of 1024 × 1024 matrices: ${peaks[0]!.toFixed(0)} GFLOP/s`)
  const timed = []
  for (const each of chosen) {
    timed.push(await time(each, device, seconds))
    peaks.push(await peakOf(device, seconds / 4))
  }
  // Neighbours make single ones low.
  const peak = Math.max(...peaks)
  const lines = timed.map((line) => ({ ...line, shareOfPeak: line.gflops / peak }))
  if (json) {
    printJson({ device, isa, threads, peakGflops: peak, lines })
    return
  }
  printTable(
    ['Case', 'Runs', 'Median ms', 'Quarter ms', 'Three quarters ms', 'Images/s', 'GFLOP/s', 'Of peak %'],
    lines.map((x) => [
      ...[x.name, x.runs, x.medianMs.toFixed(3), x.quarterMs.toFixed(3), x.threeQuartersMs.toFixed(3)],
      ...[x.imagesPerSecond.toFixed(1), x.gflops.toFixed(1), (100 * x.shareOfPeak).toFixed(0)],
    ]),
  )
}

async function time(each: Case, device: Device, seconds: number) {
  const { channels, size, classes } = networks[each.network]!
  const { batch, side = size, kind } = each
  const model = build(each.network, classes, channels)
  // Backward, there are two products for each of forward's: for the input and for the weights.
  const flops = 2 * batch * nn.summary(model, [channels, side, side]).multiplyAdds * (kind === 'train' ? 3 : 1)
  model.to(device)
  const images = randn([batch, channels, side, side], { device })
  const run = kind === 'train' ? trainStep(model, images, classes) : predictStep(model, images)
  const times = await timesOf(run, seconds)
  const at = (share: number): number => times[Math.floor(share * (times.length - 1))]!
  const median = at(0.5)
  return {
    ...{ name: nameOf(each), runs: times.length, medianMs: median, quarterMs: at(0.25), threeQuartersMs: at(0.75) },
    ...{ imagesPerSecond: (1000 * batch) / median, gflops: flops / median / 1e6 },
  }
}

function trainStep(model: nn.Layer, images: Tensor, classes: number): () => Promise<unknown> {
  const { device } = images
  const labels = tensor(
    Int32Array.from({ length: images.shape[0]! }, (_, i) => i % classes),
    { device },
  )
  const optimizer = new optim.SGD(model.parameters(), { lr: 1e-3, momentum: 0.9 })
  const step = capture((x: Tensor, y: Tensor): Tensor => {
    optimizer.zeroGrad()
    const loss = crossEntropy(model(x), y)
    loss.backward()
    optimizer.step()
    return loss
  })
  return () => valueOf(step(images, labels))
}

function predictStep(model: nn.Layer, images: Tensor): () => Promise<unknown> {
  const evaluated = model.eval()
  const forward = compile((x: Tensor): Tensor => evaluated(x))
  return () => valueOf(forward(images))
}

async function valueOf(result: Tensor): Promise<unknown> {
  const value = await result.data()
  result.dispose()
  return value
}

/** Milliseconds, sorted. */
async function timesOf(run: () => Promise<unknown>, seconds: number): Promise<number[]> {
  for (let i = 0; i < WARM; i++) await run()
  const times: number[] = []
  const end = performance.now() + 1000 * seconds
  while (times.length < LEAST || performance.now() < end) {
    const started = performance.now()
    await run()
    times.push(performance.now() - started)
  }
  return times.sort((a, b) => a - b)
}

/** GFLOP/s of a large product of matrices. */
async function peakOf(device: Device, seconds: number): Promise<number> {
  const side = 1024
  const a = randn([side, side], { device })
  const times = await timesOf(async () => {
    const product = matmul(a, a)
    const value = product.sum()
    await value.item()
    value.dispose()
    product.dispose()
  }, seconds)
  a.dispose()
  return (2 * side ** 3) / times[Math.floor(times.length / 2)]! / 1e6
}
