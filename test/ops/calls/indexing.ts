import { embedding, flip, indexSelect, oneHot } from 'convcore'
import type { Calls } from './call.js'

interface Options {
  dim: number
  dims: number[]
  classes: number
  paddingIdx?: number
}

export const calls: Calls<Options> = {
  embedding: ([weight, index], options) => embedding(weight!, index!, options),
  flip: ([x], { dims }) => flip(x!, dims),
  indexSelect: ([x, index], { dim }) => indexSelect(x!, dim, index!),
  oneHot: ([index], { classes }) => oneHot(index!, classes),
}
