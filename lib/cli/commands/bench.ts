import type { Command } from 'commander'
import { type ComputeOptions, computes, positive, tellsJson, withExamples } from '../arguments.js'

export interface BenchOptions extends ComputeOptions {
  seconds: number
  filter?: string
  json?: boolean
}

export function bench(program: Command): void {
  const command = program
    .command('bench')
    .description('times some networks here: steps of training and inference, beside what a product of matrices reaches')
    .option('--seconds <n>', 'for each line', positive, 2)
    .option('--filter <text>', 'only lines with this in their name')
    .action(async (options: BenchOptions) => {
      const { bench } = await import('../actions/bench.js')
      await bench(options)
    })
  withExamples(tellsJson(computes(command)), 'bench', 'bench --filter train --threads 1', 'bench --json > here.json')
  command.addHelpText(
    'after',
    `
Each line is the median of as many runs as fit into its time, with the quarter points; the share of the peak is the
arithmetic of the direct convolution by what a product of 1024 × 1024 matrices reaches, which fast algorithms may exceed.`,
  )
}
