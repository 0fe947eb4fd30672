#!/usr/bin/env node
// The program `convcore`: see commands/ for what it knows, actions/ for what it then does.
import { CommanderError } from 'commander'
import { lineOf, UsageError } from './errors.js'
import { Interrupted, listenForSignals } from './interrupt.js'
import { note } from './output.js'
import { makeProgram } from './program.js'

const program = makeProgram()

// Whoever reads may have heard enough: `convcore predict … | head`. A run goes on.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
listenForSignals()

// Of files that are left out, say: in a line, without Node's words on how to trace them.
process.removeAllListeners('warning')
process.on('warning', (warning) => note(`convcore: warning: ${lineOf(warning)}`))

try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = exitCodeOf(error)
}

/** Tells of an error, unless that is done. */
function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  const { debug = false } = program.opts<{ debug?: boolean }>()
  const usage = error instanceof UsageError
  const text = debug && !usage && error instanceof Error ? error.stack : lineOf(error)
  note(`convcore: ${text}`)
  if (error instanceof Interrupted) return error.exitCode
  return usage ? 2 : 1
}
