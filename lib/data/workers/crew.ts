import { Worker } from 'node:worker_threads'
import { SampleError } from '../samples.js'
import type { Assignment, Failure, Loaded, Task } from './messages.js'

interface Waiting {
  readonly indices: Int32Array
  resolve(loaded: Loaded): void
  reject(reason: unknown): void
}

interface Member {
  readonly name: string
  readonly worker: Worker
  readonly tasks: Map<number, Waiting>
}

/** The workers of a `DataLoader`. Shared memory goes round: to a worker with a task, back with the batch, to the next task. */
export class Crew {
  readonly #members: Member[]
  readonly #free: SharedArrayBuffer[] = []
  #lastId = 0
  #failure: Error | undefined

  constructor(assignment: Assignment, size: number) {
    this.#members = Array.from({ length: size }, (_, i) => this.#hire(assignment, `worker ${i + 1} of ${size}`))
  }

  /** Whether it can take no more. */
  get broken(): boolean {
    return this.#failure !== undefined
  }

  /**
   * Has a batch loaded by the worker with the least to do. Its memory belongs to the caller until `giveBack`.
   * @throws {Error} of the sample that failed, the signal's reason, or why a worker ended
   */
  load(task: Omit<Task, 'id' | 'memory'>, signal: AbortSignal): Promise<Loaded> {
    if (this.#failure) return Promise.reject(this.#failure)
    const member = this.#members.reduce((a, b) => (b.tasks.size < a.tasks.size ? b : a))
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      const abort = () => reject(signal.reason as Error)
      signal.throwIfAborted()
      signal.addEventListener('abort', abort, { once: true })
      const settle =
        <T>(then: (value: T) => void) =>
        (value: T) => {
          signal.removeEventListener('abort', abort)
          then(value)
        }
      member.tasks.set(id, { indices: task.indices, resolve: settle(resolve), reject: settle(reject) })
      member.worker.ref()
      member.worker.postMessage({ ...task, id, memory: this.#free.pop() ?? new SharedArrayBuffer(0) } satisfies Task)
    })
  }

  giveBack({ memory }: Loaded): void {
    this.#free.push(memory)
  }

  /** Ends all threads, whatever they do. */
  async close(reason: Error): Promise<void> {
    this.#fail(reason)
    await Promise.all(this.#members.map(({ worker }) => worker.terminate()))
  }

  #hire(workerData: Assignment, name: string): Member {
    // Threads take over the process's options by themselves, but one that says what its text is refuses a thread's file.
    const execArgv = process.execArgv.some((word) => word.startsWith('--input-type')) ? [] : undefined
    const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData, execArgv, name: 'DataLoader' })
    const member = { name, worker, tasks: new Map<number, Waiting>() }
    worker.on('message', (message: Loaded | Failure) => this.#receive(member, message))
    worker.on('error', (cause) => this.#lose(member, `failed: ${cause.message}`, cause))
    worker.on('exit', (code) => this.#lose(member, `ended with exit code ${code}`))
    worker.unref() // what waits for it keeps the process alive, not the thread
    return member
  }

  #receive({ tasks, worker }: Member, message: Loaded | Failure): void {
    const task = tasks.get(message.id)
    if (!task) return // the crew has ended, and waits for its threads
    tasks.delete(message.id)
    if (tasks.size === 0) worker.unref()
    if ('trees' in message) task.resolve(message)
    else task.reject(toError(message))
  }

  #lose({ name, tasks }: Member, what: string, cause?: unknown): void {
    const indices = [...tasks.values()].flatMap((task) => [...task.indices])
    const during = indices.length > 0 ? ` with these samples under way: ${indices.slice(0, 20).join(', ')}` : ''
    this.#fail(new Error(`DataLoader: ${name} ${what}${during}`, { cause }))
  }

  #fail(reason: Error): void {
    this.#failure ??= reason
    for (const { tasks } of this.#members) {
      for (const task of tasks.values()) task.reject(this.#failure)
      tasks.clear()
    }
  }
}

/** As the error would be without workers. */
function toError({ index, name, message, stack, code }: Failure): Error {
  const cause = Object.assign(new Error(message), { name, stack }, code === undefined ? {} : { code })
  return index === undefined ? new Error(`DataLoader: ${message}`, { cause }) : new SampleError(index, cause)
}
