import { readFile } from 'node:fs/promises'

/** Expectations from PyTorch; scripts/fixtures/<name>.py makes them. */
export async function fixture<T>(name: string): Promise<T> {
  const text = await readFile(new URL(`../../../test/fixtures/${name}.json`, import.meta.url), 'utf8')
  return JSON.parse(text) as T
}
