import { permute, squeeze, unsqueeze } from 'convcore'
import type { Calls } from './call.js'

interface Options {
  order: number[]
  dim: number
  dims?: number[]
}

export const calls: Calls<Options> = {
  permute: ([x], { order }) => permute(x!, order),
  squeeze: ([x], { dims }) => squeeze(x!, dims),
  unsqueeze: ([x], { dim }) => unsqueeze(x!, dim),
}
