import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { zipSync, type Zippable } from 'fflate'
import type { Test } from 'tap'
import { Header } from 'tar'
import { data } from 'convcore'
import { quickFolder, survives } from '../mutations.js'

export const text = (value: string) => new TextEncoder().encode(value)

export const zipped = (entries: Zippable) => zipSync(entries, { os: 3, level: 6 })

/** One entry of a tar file. */
export function entry(path: string, contents = '', fields: object = {}): Buffer {
  const block = Buffer.alloc(512)
  const header = new Header({ path, size: contents.length, mode: 0o644, type: 'File', mtime: new Date(0), ...fields })
  header.encode(block)
  const body = Buffer.alloc(512 * Math.ceil(contents.length / 512))
  body.write(contents)
  return Buffer.concat([block, body])
}

export const tarred = (...entries: Buffer[]) => Buffer.concat([...entries, Buffer.alloc(1024)])

/** Unpacks damaged copies of an archive: each appears as a whole folder, or is refused and leaves nothing. */
export async function unpacksOrRefuses(t: Test, archive: Uint8Array): Promise<void> {
  const root = quickFolder(t)
  const { refused, strange } = await survives(archive, async (damaged, worker) => {
    const file = join(root, String(worker))
    const folder = `${file}-folder`
    writeFileSync(file, damaged)
    try {
      await data.extractArchive(file, folder)
    } catch (error) {
      if (existsSync(folder)) throw new Error('a refused archive left something', { cause: error })
      throw error
    }
    rmSync(folder, { recursive: true })
  })
  t.same(strange, [])
  t.ok(refused > 3000 && refused < 10_000, `${refused} were refused`)
  t.same(readdirSync(root).sort(), ['0', '1', '2', '3'], 'nothing is left')
}
