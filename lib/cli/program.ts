import { readFileSync } from 'node:fs'
import { Command, type OutputConfiguration } from 'commander'
import { bench } from './commands/bench.js'
import { convert } from './commands/convert.js'
import { doctor } from './commands/doctor.js'
import { download } from './commands/download.js'
import { evaluate } from './commands/eval.js'
import { info } from './commands/info.js'
import { predict } from './commands/predict.js'
import { summary } from './commands/summary.js'
import { train } from './commands/train.js'

/** This package's, as package.json says. */
export const { version, engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string
  engines: { node: string }
}

/** The program's commands and options. Nothing of the library is loaded before one of them runs. */
export function makeProgram(): Command {
  const program = new Command('convcore')
    .description('Trains, tests and runs convolutional networks.')
    .version(version)
    .option('--debug', 'show where errors come from')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput(helpful('convcore'))
    .addHelpText(
      'after',
      `
Results go to standard output, in columns on a terminal and else with tabs between them; all else goes to standard
error. Exit codes: 0 done, 1 failed, 2 called in a way that is not known, 130 interrupted.

Examples:
  $ convcore train --data mnist --model mnistCnn --epochs 3
  $ convcore eval --model runs/mnist-mnistCnn --data mnist
  $ convcore predict photo.jpg --model runs/mnist-mnistCnn
  $ convcore doctor`,
    )
  for (const add of [train, evaluate, predict, summary, convert, download, bench, info, doctor]) add(program)
  for (const command of program.commands) command.configureOutput(helpful(`convcore ${command.name()}`))
  return program
}

/** Errors of the call, in a line. */
const helpful = (called: string): OutputConfiguration => ({
  outputError: (text, write) => write(`convcore: ${oneLine(text)}; ${called} --help tells what there is\n`),
})

/** "error: unknown command 'trian'\n(Did you mean train?)" → "unknown command 'trian' (Did you mean train?)" */
const oneLine = (text: string): string =>
  text
    .replace(/^error: /, '')
    .trim()
    .replaceAll(/\s*\n\s*/g, ' ')
    .replace(/\.$/, '')
