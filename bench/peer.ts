import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface PeerOptions {
  device: string
  threads: number
  tf32: boolean
  benchmark: boolean
  budget: number
}

/** PyTorch in a process of its own, which answers one row at a time: see torch.py. */
export class Peer {
  private constructor(
    private readonly child: ChildProcess,
    private readonly lines: AsyncIterator<string>,
    readonly version: string,
    readonly device: string,
  ) {}

  /** Undefined where Python has no PyTorch, or none for the device. */
  static async start(
    python: string,
    { device, threads, tf32, benchmark, budget }: PeerOptions,
  ): Promise<Peer | undefined> {
    const script = fileURLToPath(new URL('../../../bench/torch.py', import.meta.url))
    const settings = { device, threads, tf32: Number(tf32), benchmark: Number(benchmark), budget }
    const words = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)])
    const child = spawn(python, [script, ...words], { stdio: ['pipe', 'pipe', 'inherit'] })
    child.on('error', () => undefined)
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    const first = await lines.next()
    if (first.done) return undefined
    const about = JSON.parse(first.value) as { version: string; device: string }
    return new Peer(child, lines, about.version, about.device)
  }

  /** Milliseconds by figure. */
  async time(section: string, row: unknown): Promise<Record<string, number>> {
    this.child.stdin!.write(`${JSON.stringify({ section, row })}\n`)
    const line = await this.lines.next()
    if (line.done) throw new Error(`PyTorch ended at a row of ${section}: ${JSON.stringify(row)}`)
    return JSON.parse(line.value) as Record<string, number>
  }

  async stop(): Promise<void> {
    this.child.stdin!.end()
    if (this.child.exitCode === null) await once(this.child, 'exit')
  }
}
