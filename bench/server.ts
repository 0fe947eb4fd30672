// The example server in a process of its own, as `npm run serve` starts it.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

export const program = fileURLToPath(new URL('../examples/serve/main.js', import.meta.url))

export class ServerProcess {
  readonly lines: string[] = []
  /** `http://127.0.0.1:PORT` */
  url = ''
  readonly #exit: Promise<unknown[]>

  private constructor(private readonly child: ChildProcess) {
    this.#exit = once(child, 'exit')
    createInterface({ input: child.stdout! }).on('line', (line) => this.lines.push(line))
  }

  /** Starts it, on a port that is free, and waits until it listens. */
  static async start(args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<ServerProcess> {
    const words = ['--enable-source-maps', program, '--port', '0', ...args]
    const server = new ServerProcess(spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'], env }))
    server.url = (await server.says(/^listening on (http:.*)$/))[1]!
    return server
  }

  /** Waits for a line. */
  async says(line: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      for (const each of this.lines) {
        const found = line.exec(each)
        if (found) return found
      }
      if (this.child.exitCode !== null) throw new Error(`the server ended before it said ${line}`)
      await setTimeout(10)
    }
  }

  /** Waits until there is a network to answer with. */
  async ready(): Promise<void> {
    while ((await fetch(`${this.url}/health`)).status !== 200) await setTimeout(20)
  }

  /** A value of /metrics. */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(`${this.url}/metrics`)).text()
    const line = text.split('\n').find((line) => line.startsWith(`${name} `))
    return Number(line?.slice(name.length + 1))
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name)
  }

  /** Waits for the end. */
  async exitCode(): Promise<unknown> {
    return (await this.#exit)[0]
  }
}
