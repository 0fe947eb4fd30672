import { argsort, sort, topk } from 'convcore'
import type { Calls } from './call.js'

interface Options {
  dim: number
  descending: boolean
  k: number
  largest: boolean
}

export const calls: Calls<Options> = {
  argsort: ([x], { dim, descending }) => argsort(x!, dim, { descending }),
  sort: ([x], { dim, descending }) => sort(x!, dim, { descending }).values,
  topk: ([x], { k, dim, largest }) => topk(x!, k, dim, { largest }).values,
  topkPlaces: ([x], { k, dim, largest }) => topk(x!, k, dim, { largest }).indices,
}
