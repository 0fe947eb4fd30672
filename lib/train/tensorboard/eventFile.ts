import { type FileHandle, mkdir, open, readdir } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { toRecord } from './record.js'
import { encodeEvent, type Event } from './schema.js'

const NAME = /^events\.out\.tfevents\.(\d+)\./

/**
 * A new file of events in a folder. Readers take a folder's files in the order of their names, so its name comes after those
 * of the files that are there. It holds whole records, also when a write fails.
 */
export class EventFile {
  #length = 0

  private constructor(
    readonly path: string,
    private readonly file: FileHandle,
  ) {}

  static async create(folder: string, suffix: string): Promise<EventFile> {
    await mkdir(folder, { recursive: true })
    const taken = (await readdir(folder)).map((name) => Number(NAME.exec(name)?.[1] ?? 0))
    const start = Math.max(Math.floor(Date.now() / 1000), ...taken.map((second) => second + 1))
    const name = (second: number) => `events.out.tfevents.${second}.${hostname()}.${process.pid}.0${suffix}`
    for (let second = start; ; second++) {
      const path = join(folder, name(second))
      const file = await openNew(path)
      if (!file) continue
      const created = new EventFile(path, file)
      try {
        await created.append([{ wallTime: Date.now() / 1000, fileVersion: 'brain.Event:2' }])
      } catch (error) {
        await created.close()
        throw error
      }
      return created
    }
  }

  async append(events: readonly Event[]): Promise<void> {
    const records = await Promise.all(events.map(async (event) => toRecord(await encodeEvent(event))))
    const bytes = Buffer.concat(records)
    try {
      await this.file.writeFile(bytes)
      this.#length += bytes.length
    } catch (error) {
      await this.file.truncate(this.#length)
      throw error
    }
  }

  async close(): Promise<void> {
    await this.file.close()
  }
}

/** Undefined when there is such a file. */
async function openNew(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'wx')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined
    throw error
  }
}
