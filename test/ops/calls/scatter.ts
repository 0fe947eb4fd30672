import { gather, scatter, scatterAdd } from 'convcore'
import type { Calls } from './call.js'

export const calls: Calls<{ dim: number; value?: number }> = {
  gather: ([x, index], { dim }) => gather(x!, dim, index!),
  scatter: ([x, index, src], { dim, value }) => scatter(x!, dim, index!, src ?? value!),
  scatterAdd: ([x, index, src], { dim }) => scatterAdd(x!, dim, index!, src!),
}
