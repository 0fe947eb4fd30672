import type { Command } from 'commander'
import { tellsJson, withExamples } from '../arguments.js'

export interface InfoOptions {
  json?: boolean
}

export function info(program: Command): void {
  const command = program
    .command('info')
    .description(
      'what convcore computes with here, and why: versions, processor, threads, GPUs, libraries, environment',
    )
    .action(async (options: InfoOptions) => {
      const { info } = await import('../actions/info.js')
      await info(options)
    })
  withExamples(tellsJson(command), 'info', 'info --json | jq .cpu', 'info | grep ^cuda')
}
