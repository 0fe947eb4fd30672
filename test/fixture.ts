import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

/** Expectations from PyTorch; scripts/fixtures/<name>.py makes them. */
export async function fixture<T>(name: string): Promise<T> {
  return JSON.parse(await readFile(fixtureFile(`${name}.json`), 'utf8')) as T
}

/** The path of a file that another program wrote. */
export const fixtureFile = (name: string): string =>
  fileURLToPath(new URL(`../../../test/fixtures/${name}`, import.meta.url))
