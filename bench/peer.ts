import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** Milliseconds by figure and by setting of the peer. */
export type Timings = Record<string, Record<string, number>>

/** A program that first says what it is, then answers lines of JSON { section, row } with a line each. */
export class Peer {
  private constructor(
    private readonly child: ChildProcess,
    private readonly lines: AsyncIterator<string>,
    readonly version: string,
  ) {}

  /** Undefined where it does not start. */
  static async start(command: string, words: string[], env: Record<string, string> = {}): Promise<Peer | undefined> {
    const child = spawn(command, words, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...env } })
    child.on('error', () => undefined)
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    const first = await lines.next()
    return first.done ? undefined : new Peer(child, lines, (JSON.parse(first.value) as { version: string }).version)
  }

  async ask(section: string, row?: unknown): Promise<unknown> {
    this.child.stdin!.write(`${JSON.stringify({ section, row })}\n`)
    const line = await this.lines.next()
    if (line.done) throw new Error(`${this.child.spawnfile} ended at a row of ${section}: ${JSON.stringify(row)}`)
    return JSON.parse(line.value)
  }

  async time(section: string, row: unknown): Promise<Timings> {
    return (await this.ask(section, row)) as Timings
  }

  async stop(): Promise<void> {
    this.child.stdin!.end()
    if (this.child.exitCode === null) await once(this.child, 'exit')
  }
}
