import { FormatError } from '../errors.js'

/** A JSON object from UTF-8; `what` it is stands in errors. */
export function parseRecord(json: Uint8Array, file: string, what: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(json))
  } catch (cause) {
    throw new FormatError(`${file}: expected a ${what} of JSON, got ${(cause as Error).message}`, { cause })
  }
  if (isRecord(value)) return value
  throw new FormatError(`${file}: expected a JSON object as ${what}, got ${summary(value)}`)
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether it is an object without a class of its own. */
export function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Whether it is a shape, or offsets: an array of whole numbers from 0 on. */
export function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0)
}

/** How a value of a file reads in an error message. */
export function summary(value: unknown): string {
  return (JSON.stringify(value) ?? 'none').slice(0, 80)
}
