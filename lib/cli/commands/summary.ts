import type { Command } from 'commander'
import { tellsJson, whole, withExamples } from '../arguments.js'

export interface SummaryOptions {
  network?: string
  size?: number
  channels?: number
  numClasses?: number
  batch: number
  json?: boolean
}

export function summary(program: Command): void {
  const command = program
    .command('summary')
    .description(
      "lists a network's layers with their shapes, parameters and multiply-adds, and the memory that it takes",
    )
    .argument('<network>', "a network of docs/models.md, a run's folder, a model, or weights with --network")
    .option('--network <name>', 'of which network the weights in a file are')
    .option('--size <n>', 'side of the images', whole(1))
    .option('--channels <n>', 'of the images', whole(1))
    .option('--num-classes <n>', "default: the network's", whole(1))
    .option('--batch <n>', 'images that memory is told for', whole(1), 1)
    .action(async (network: string, options: SummaryOptions) => {
      const { summary } = await import('../actions/summary.js')
      await summary(network, options)
    })
  withExamples(
    tellsJson(command),
    'summary resnet18',
    'summary mobilenetV2 --num-classes 10 --size 96 --batch 32',
    'summary net.onnx --json',
  )
}
