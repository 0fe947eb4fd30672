import type { Dataset } from '../dataset.js'
import { IterableDataset } from '../iterable.js'
import { checkCount } from '../sampler.js'
import { Crew } from './crew.js'
import type { Assignment } from './messages.js'
import { recipeOf } from './recipe.js'

export interface TeamOptions {
  numWorkers?: number | undefined
  prefetch?: number | undefined
  prefetchFactor?: number | undefined
  persistentWorkers?: boolean | undefined
}

/** Undefined without workers. */
export function toTeam(
  dataset: Dataset<unknown, unknown> | IterableDataset<unknown>,
  { numWorkers = 0, prefetch, prefetchFactor, persistentWorkers = false }: TeamOptions,
): Team | undefined {
  checkCount('DataLoader', 'numWorkers', numWorkers)
  if (prefetch !== undefined) checkCount('DataLoader', 'prefetch', prefetch)
  if (prefetchFactor !== undefined) checkCount('DataLoader', 'prefetchFactor', prefetchFactor, 1)
  if (numWorkers === 0) {
    if (prefetchFactor === undefined && !persistentWorkers) return undefined
    throw new TypeError('DataLoader: expected prefetchFactor and persistentWorkers with numWorkers ≥ 1, got no workers')
  }
  if (prefetch !== undefined)
    throw new TypeError(
      'DataLoader: expected, with numWorkers, prefetchFactor to say how many batches are loaded ahead, got prefetch',
    )
  if (dataset instanceof IterableDataset)
    throw new TypeError('DataLoader: expected an IterableDataset to be read by the main thread, got numWorkers')
  const assignment = () => ({ recipe: recipeOf(dataset), length: dataset.length })
  assignment() // tells now what cannot be
  return new Team(assignment, numWorkers, numWorkers * (prefetchFactor ?? 2) - 1, persistentWorkers)
}

/** Who works for a loader: a crew per loop, or one that stays. */
export class Team {
  readonly #crews = new Set<Crew>()
  #permanent: Crew | undefined

  /** @param ahead batches that are under way besides the next one */
  constructor(
    private readonly assignment: () => Assignment,
    readonly size: number,
    readonly ahead: number,
    private readonly persistent: boolean,
  ) {}

  /** A crew for a loop, which ends with it unless it stays. */
  begin(stop: AbortSignal): Crew {
    if (this.persistent && this.#permanent && !this.#permanent.broken) return this.#permanent
    const crew = new Crew(this.assignment(), this.size)
    this.#crews.add(crew)
    if (this.persistent) this.#permanent = crew
    else stop.addEventListener('abort', () => void this.#close(crew, stop.reason as Error))
    return crew
  }

  /** When a loop has ended: waits until no thread is left that should not be. */
  async end(crew: Crew): Promise<void> {
    if (!this.persistent || crew.broken) await this.#close(crew)
  }

  async dispose(): Promise<void> {
    await Promise.all([...this.#crews].map((crew) => this.#close(crew)))
  }

  async #close(
    crew: Crew,
    reason = new Error('DataLoader: expected workers, got none: the loop has ended'),
  ): Promise<void> {
    this.#crews.delete(crew)
    await crew.close(reason)
  }
}
