import { lstsq } from 'convcore'
import type { Calls } from './call.js'

export const calls: Calls = {
  lstsq: ([a, b]) => lstsq(a!, b!),
}
