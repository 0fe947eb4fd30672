import { add, div, mul, sub } from 'convcore'
import type { Calls } from './call.js'

export const calls: Calls = {
  add: ([a, b]) => add(a!, b!),
  div: ([a, b]) => div(a!, b!),
  mul: ([a, b]) => mul(a!, b!),
  sub: ([a, b]) => sub(a!, b!),
}
