/** How a program that was ended by a signal ends: 128 + the signal's number, as shells tell it. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'

  constructor(
    signal: NodeJS.Signals,
    readonly exitCode: number,
  ) {
    super(`interrupted by ${signal}`)
  }
}

const signals = { SIGINT: 130, SIGTERM: 143 } as const

const interruption = new AbortController()
let finishing = 0

/** Ends the program on Ctrl-C: at once, or, while `untilDone` runs, when that is done. A second one ends it at once. */
export function listenForSignals(): void {
  for (const [name, exitCode] of Object.entries(signals) as [keyof typeof signals, number][])
    process.on(name, () => {
      if (finishing > 0 && !interruption.signal.aborted) {
        interruption.abort(new Interrupted(name, exitCode))
        return
      }
      if (process.stderr.isTTY) process.stderr.write('\x1b[?25h\n') // a bar has hidden the cursor
      process.exit(exitCode)
    })
}

/** Runs what can end by itself when `signal` says so, as downloads and training do. */
export async function untilDone<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  finishing++
  try {
    return await run(interruption.signal)
  } finally {
    finishing--
  }
}
