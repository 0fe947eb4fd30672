// A dataset for workers: pictures of random numbers, and what can go wrong.
import { setTimeout } from 'node:timers/promises'
import { data, defaultGenerator, rand, tensor, type Tensor } from 'convcore'

export interface Options {
  length?: number
  /** Rows of the picture of a sample; default 4. */
  rows?: 'alike' | 'uneven'
  /** What happens at `at`. */
  trouble?: 'throw' | 'die' | 'crash' | 'skip' | 'function' | 'hang'
  at?: number
  slow?: boolean
}

export type Sample = [Tensor, number, Tensor]

export default function noisy({ length = 23, rows = 'alike', trouble, at = -1, slow = false }: Options = {}) {
  const get = async (index: number): Promise<Sample> => {
    if (slow) await setTimeout(1 + ((index * 7) % 5))
    if (index === at) {
      if (trouble === 'throw') throw Object.assign(new RangeError(`nothing at ${index}`), { code: 'ERR_NOTHING' })
      if (trouble === 'die') process.exit(7)
      if (trouble === 'crash') globalThis.setImmediate(fail)
      if (trouble === 'skip') throw new data.SkipSample(`file ${index} is empty`)
      if (trouble === 'function') return [() => 1, 0, tensor(1)] as unknown as Sample
      if (trouble === 'hang' || trouble === 'crash') await new Promise(() => undefined)
    }
    const picture = rand([rows === 'uneven' ? 1 + index : 4, 3])
    await setTimeout(0)
    return [picture, defaultGenerator.integer(1000), tensor(Uint8Array.of(index, 255))]
  }
  return { length, get } satisfies data.Dataset<Sample>
}

function fail(): void {
  throw new Error('out of the blue')
}
