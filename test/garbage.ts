import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')

/** Collects garbage; finalizers run between macrotasks. */
export const collect = runInNewContext('gc') as () => void

/** Frees what other tests have left, so that none of it goes while a test counts. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) {
    collect()
    await setImmediate()
  }
}
