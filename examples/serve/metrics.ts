// What GET /metrics tells, in Prometheus' text format.
import type { Training } from './training.js'

/** How many values were at most so large. */
export class Histogram {
  readonly #counts: number[]
  #sum = 0

  constructor(readonly bounds: readonly number[]) {
    this.#counts = new Array<number>(bounds.length + 1).fill(0)
  }

  observe(value: number): void {
    const i = this.bounds.findIndex((bound) => value <= bound)
    this.#counts[i < 0 ? this.bounds.length : i]!++
    this.#sum += value
  }

  lines(name: string): string[] {
    let count = 0
    const buckets = [...this.bounds, '+Inf'].map((bound, i) => {
      count += this.#counts[i]!
      return `${name}_bucket{le="${bound}"} ${count}`
    })
    return [...buckets, `${name}_sum ${this.#sum}`, `${name}_count ${count}`]
  }
}

export class Metrics {
  /** Seconds from the head of a request for a prediction to its answer. */
  readonly seconds = new Histogram([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5])
  /** Images that were computed together. */
  readonly batches = new Histogram([1, 2, 4, 8, 16, 32])
  /** Requests that are not answered yet. */
  underWay = 0
  readonly #requests = new Map<string, number>()
  #training: Training | undefined

  follow(training: Training): void {
    this.#training = training
  }

  /** @param status of the answer, or what became of the request instead */
  count(path: string, status: number | 'aborted'): void {
    const labels = `path="${path}",status="${status}"`
    this.#requests.set(labels, (this.#requests.get(labels) ?? 0) + 1)
  }

  toString(): string {
    const family = (name: string, type: string, help: string, lines: readonly string[]) =>
      [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines].join('\n')
    const gauge = (name: string, help: string, value: number) => family(name, 'gauge', help, [`${name} ${value}`])
    const { epoch = 0, epochs = 0, updates = 0, loss = NaN, accuracy = NaN, state } = this.#training ?? {}
    const requests = Array.from(this.#requests, ([labels, count]) => `serve_requests_total{${labels}} ${count}`)
    const [seconds, batch] = ['serve_prediction_seconds', 'serve_batch_size']
    return [
      family('serve_requests_total', 'counter', 'Requests by what they were answered.', requests),
      family(seconds, 'histogram', 'Time to answer a prediction.', this.seconds.lines(seconds)),
      family(batch, 'histogram', 'Images that were computed together.', this.batches.lines(batch)),
      gauge('serve_requests_under_way', 'Requests that are not answered yet.', this.underWay),
      gauge('training_running', 'Whether the network trains.', Number(state === 'running')),
      gauge('training_epoch', 'Epoch at hand, from 1.', epoch),
      gauge('training_epochs', 'Epochs that there are to be.', epochs),
      gauge('training_updates', 'Steps of the optimizer.', updates),
      gauge('training_loss', 'Loss of the last batch.', loss),
      gauge('training_accuracy', 'Share of test images that the last epoch got right.', accuracy),
      '',
    ].join('\n')
  }
}
