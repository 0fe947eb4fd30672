import { crc32c } from './crc32c.js'

/**
 * Data as a record of a TFRecord file: its length (uint64), the length's masked checksum, the data, its masked checksum,
 * all little-endian.
 *
 * Source: https://www.tensorflow.org/tutorials/load_data/tfrecord
 */
export function toRecord(data: Uint8Array): Uint8Array {
  const record = new Uint8Array(data.length + 16)
  const view = new DataView(record.buffer)
  view.setBigUint64(0, BigInt(data.length), true)
  view.setUint32(8, masked(crc32c(record.subarray(0, 8))), true)
  record.set(data, 12)
  view.setUint32(data.length + 12, masked(crc32c(data)), true)
  return record
}

/** Turned and moved, so that the sum of data which hold sums is none of theirs. */
const masked = (sum: number): number => (((sum >>> 15) | (sum << 17)) + 0xa282ead8) >>> 0
