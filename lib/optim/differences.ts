import { isRecord } from '../io/json.js'
import { describe } from '../errors.js'

/** The message for a saved state that does not fit. */
export const differencesText = (owner: string, problems: readonly string[]): string =>
  `loadStateDict: expected the state of ${owner}, got one with ${problems.length} ` +
  `difference${problems.length > 1 ? 's' : ''}:\n  ${problems.join('\n  ')}`

/**
 * Where a saved record has not the names, or not the kinds of values, that it should have. Values under the names in
 * `free` are numbers or not there.
 */
export function misfits(expected: Readonly<Record<string, unknown>>, saved: unknown, free: string[] = []): string[] {
  if (!isRecord(saved)) return [`expected an object, got ${describe(saved)}`]
  const problems: string[] = []
  for (const name of new Set([...Object.keys(expected), ...Object.keys(saved)])) {
    const [want, value] = [expected[name], saved[name]]
    if (free.includes(name) && typeof (value ?? 0) === 'number') continue
    if (!Object.hasOwn(saved, name)) problems.push(`${name}: missing`)
    else if (!Object.hasOwn(expected, name)) problems.push(`${name}: unexpected`)
    else if (kind(value) !== kind(want)) problems.push(`${name}: expected ${kind(want)}, got ${describe(value)}`)
  }
  return problems
}

/** A word for what JSON holds. */
function kind(value: unknown): string {
  if (Array.isArray(value))
    return value.every((each) => typeof each === 'number') ? `${value.length} numbers` : `a list of ${value.length}`
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
