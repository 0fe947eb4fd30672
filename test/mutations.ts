import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { FormatError, Generator } from 'convcore'
import type { Test } from 'tap'

/**
 * Damaged copies of a file: bytes flipped or set to what parsers stumble over, ranges cut out, repeated or moved, the end
 * cut off. The same `seed` gives the same copies.
 */
export function* mutations(bytes: Uint8Array, count: number, seed = 1): IterableIterator<Uint8Array> {
  const random = new Generator(seed)
  const at = (length: number) => random.integer(Math.max(length, 1))
  for (let i = 0; i < count; i++) {
    let copy = Buffer.from(bytes)
    for (let changes = 1 + at(3); changes > 0 && copy.length > 0; changes--) {
      const from = at(copy.length)
      const part = copy.subarray(from, from + 1 + at(random.integer(2) ? 8 : copy.length - from))
      switch (random.integer(7)) {
        case 0:
          copy[from]! ^= 1 << random.integer(8)
          break
        case 1:
          copy[from] = random.integer(256)
          break
        case 2: // as a length or an offset: nothing, or far too much
          part.subarray(0, 8).fill([0, 0x7f, 0x80, 0xff][random.integer(4)]!)
          break
        case 3:
          copy = copy.subarray(0, from)
          break
        case 4:
          copy = Buffer.concat([copy.subarray(0, from), copy.subarray(from + part.length)])
          break
        case 5:
          copy = Buffer.concat([copy.subarray(0, from), part, copy.subarray(from)])
          break
        case 6:
          part.copyWithin(at(part.length), at(part.length))
      }
    }
    yield copy
  }
}

/**
 * What reading damaged copies comes to, four at a time: how many were refused by a `FormatError`, and all errors of other
 * kinds. `read` is told which of the four it is, for a file of its own.
 */
export async function survives(
  bytes: Uint8Array,
  read: (damaged: Uint8Array, worker: number) => Promise<unknown>,
  count = 10_000,
): Promise<{ refused: number; strange: string[] }> {
  let refused = 0
  const strange: string[] = []
  const copies = mutations(bytes, count)
  const work = async (worker: number) => {
    for (const damaged of copies)
      try {
        await read(damaged, worker)
      } catch (error) {
        if (error instanceof FormatError) refused++
        else strange.push(error instanceof Error ? (error.stack ?? error.message) : String(error))
      }
  }
  await Promise.all([0, 1, 2, 3].map(work))
  return { refused, strange }
}

/** A folder for many small files: in memory, where the system has such a place. It is removed when the test ends. */
export function quickFolder(t: Test): string {
  if (!existsSync('/dev/shm')) return t.testdir({})
  const folder = mkdtempSync('/dev/shm/convcore-')
  t.teardown(() => rmSync(folder, { recursive: true }))
  return folder
}
