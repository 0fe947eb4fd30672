import { eq, ge, gt, le, lt, ne, where } from 'convcore'
import type { Calls } from './call.js'

export const calls: Calls = {
  eq: ([a, b]) => eq(a!, b!),
  ne: ([a, b]) => ne(a!, b!),
  lt: ([a, b]) => lt(a!, b!),
  le: ([a, b]) => le(a!, b!),
  gt: ([a, b]) => gt(a!, b!),
  ge: ([a, b]) => ge(a!, b!),
  where: ([condition, a, b]) => where(condition!.to('uint8'), a!, b!),
}
