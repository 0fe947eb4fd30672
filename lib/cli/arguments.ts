import { type Command, InvalidArgumentError, Option } from 'commander'

/** Options of commands that compute. */
export interface ComputeOptions {
  device: string
  threads?: number
}

/** A parser of whole numbers from `least` on. */
export const whole =
  (least: number) =>
  (text: string): number =>
    checked(text, `a whole number from ${least} on`, (n) => Number.isSafeInteger(n) && n >= least)

/** A parser of numbers from 0 on, or above it. */
export const positive = (text: string): number => checked(text, 'a number above 0', (n) => n > 0 && n < Infinity)

export const nonNegative = (text: string): number => checked(text, 'a number from 0 on', (n) => n >= 0 && n < Infinity)

/** A share between 0 and 1, without these. */
export const fraction = (text: string): number => checked(text, 'a number between 0 and 1', (n) => n > 0 && n < 1)

/** Numbers with commas between them. */
export const numbers = (text: string): number[] =>
  text.split(',').map((part) => checked(part, 'numbers such as 0.5,0.5,0.5', Number.isFinite))

function checked(text: string, expected: string, fits: (n: number) => boolean): number {
  const n = Number(text)
  if (text.trim() !== '' && fits(n)) return n
  throw new InvalidArgumentError(`Expected ${expected}.`)
}

/** `--device` and `--threads`; the addon reads the number of threads from the environment when it is loaded. */
export function computes(command: Command): Command {
  return command
    .option('--device <name>', 'auto, cpu, cuda, cuda:1 …; auto takes a GPU where there is one that works', 'auto')
    .addOption(new Option('--threads <n>', 'compute threads; default: the processors at hand').argParser(whole(1)))
    .hook('preAction', (_, action) => {
      const { threads } = action.opts<ComputeOptions>()
      if (threads !== undefined) process.env.CONVCORE_THREADS = String(threads)
    })
}

/** `--seed`. */
export const seeded = (command: Command): Command => command.option('--seed <n>', 'of all random numbers', whole(0), 0)

/** `--json`. */
export const tellsJson = (command: Command): Command => command.option('--json', 'print results as JSON')

/** Examples under the options. */
export const withExamples = (command: Command, ...examples: readonly string[]): Command =>
  command.addHelpText('after', `\nExamples:\n${examples.map((line) => `  $ convcore ${line}`).join('\n')}`)
