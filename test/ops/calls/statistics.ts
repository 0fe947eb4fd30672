import { logsumexp, norm, std, variance, type VarOptions } from 'convcore'
import type { Calls } from './call.js'

interface Options extends VarOptions {
  p: number
  dims: number | number[]
}

export const calls: Calls<Options> = {
  logsumexp: ([x], { dims, ...options }) => logsumexp(x!, dims, options),
  maxNorm: ([x], { dims }) => norm(x!, Infinity, dims),
  minNorm: ([x], { dims }) => norm(x!, -Infinity, dims),
  norm: ([x], { p, dims }) => norm(x!, p, dims),
  std: ([x], { dims, ...options }) => std(x!, dims, options),
  var: ([x], { dims, ...options }) => variance(x!, dims, options),
}
