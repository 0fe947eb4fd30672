import { add, div, maximum, minimum, mul, pow, sub } from 'convcore'
import type { Calls } from './call.js'

export const calls: Calls = {
  add: ([a, b]) => add(a!, b!),
  div: ([a, b]) => div(a!, b!),
  maximum: ([a, b]) => maximum(a!, b!),
  minimum: ([a, b]) => minimum(a!, b!),
  pow: ([a, b]) => pow(a!, b!),
  mul: ([a, b]) => mul(a!, b!),
  sub: ([a, b]) => sub(a!, b!),
}
