import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What is told of one tag in one event; a field of a message that is not looked into is its bytes. */
export interface Told {
  step: number
  tag: string
  /** Of a scalar. */
  value?: number
  /** Of a histogram: how many values it counts. */
  count?: number
  text?: string
  image?: { width: number; height: number; bytes: Buffer }
}

/** Names of the files of events in a folder, in the order in which readers take them. */
export const eventFiles = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.startsWith('events.out.tfevents.'))
    .sort()

/** The records of a file as they are in it, checksums compared. */
export function recordsOf(path: string): Buffer[] {
  const file = readFileSync(path)
  const records: Buffer[] = []
  for (let at = 0; at < file.length; at += records.at(-1)!.length) {
    const size = Number(file.readBigUInt64LE(at))
    const record = file.subarray(at, at + 16 + size)
    if (record.length !== 16 + size) throw new Error(`a record of ${size} bytes is cut off`)
    if (record.readUInt32LE(8) !== masked(record.subarray(0, 8))) throw new Error('wrong checksum of a length')
    if (record.readUInt32LE(12 + size) !== masked(record.subarray(12, -4))) throw new Error('wrong checksum of data')
    records.push(record)
  }
  return records
}

/** What the files of a folder tell, in order. */
export const toldIn = (folder: string): Told[] =>
  eventFiles(folder).flatMap((name) => recordsOf(join(folder, name)).flatMap((record) => told(record.subarray(12, -4))))

/** CRC-32C bit by bit, turned and moved. */
function masked(bytes: Buffer): number {
  let sum = ~0
  for (const byte of bytes) {
    sum ^= byte
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0x82f63b78 : 0)
  }
  sum = ~sum
  return (((sum >>> 15) | (sum << 17)) + 0xa282ead8) >>> 0
}

/** A field's number, and its value: a number or bytes. */
type Field = [id: number, value: number | Buffer]

/** The fields of a protobuf message: varints, 8 bytes, length-delimited, 4 bytes. */
function* fields(bytes: Buffer): Generator<Field> {
  let at = 0
  const varint = (): number => {
    let [value, factor] = [0, 1]
    for (;;) {
      const byte = bytes[at++]!
      value += (byte & 127) * factor
      if (byte < 128) return value
      factor *= 128
    }
  }
  while (at < bytes.length) {
    const key = varint()
    const [id, kind] = [Math.floor(key / 8), key % 8]
    if (kind === 0) yield [id, varint()]
    else if (kind === 1) yield [id, bytes.readDoubleLE((at += 8) - 8)]
    else if (kind === 5) yield [id, bytes.readFloatLE((at += 4) - 4)]
    else {
      const size = varint()
      yield [id, bytes.subarray(at, (at += size))]
    }
  }
}

const field = (bytes: Buffer, id: number) => [...fields(bytes)].find(([each]) => each === id)?.[1]
const numberIn = (bytes: Buffer, id: number): number => (field(bytes, id) as number | undefined) ?? 0
const bytesIn = (bytes: Buffer, id: number) => field(bytes, id) as Buffer | undefined

function told(event: Buffer): Told[] {
  const step = numberIn(event, 2)
  const log = bytesIn(event, 7)
  if (log) return [{ step, tag: `session log ${numberIn(log, 1)}` }]
  const summary = bytesIn(event, 5)
  if (!summary) return []
  return [...fields(summary)].map(([, bytes]) => {
    const value = bytes as Buffer
    const tag = bytesIn(value, 1)!.toString()
    const [image, histogram, tensor] = [4, 5, 8].map((id) => bytesIn(value, id))
    return {
      step,
      tag,
      ...(image && {
        image: { height: numberIn(image, 1), width: numberIn(image, 2), bytes: bytesIn(image, 4)! },
      }),
      ...(histogram && { count: numberIn(histogram, 3) }),
      ...(tensor && { text: bytesIn(tensor, 8)!.toString() }),
      ...(!image && !histogram && !tensor && { value: numberIn(value, 2) }),
    }
  })
}
