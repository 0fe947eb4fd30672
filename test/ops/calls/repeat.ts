import { expand, repeat, tile } from 'convcore'
import type { Calls } from './call.js'

export const calls: Calls<{ shape: number[]; repeats: number[] }> = {
  expand: ([x], { shape }) => expand(x!, shape),
  repeat: ([x], { repeats }) => repeat(x!, repeats),
  tile: ([x], { repeats }) => tile(x!, repeats),
}
