import { abs, clamp, exp, log, neg, sign, sqrt, square } from 'convcore'
import type { Calls } from './call.js'

export const calls: Calls<{ least: number; greatest: number }> = {
  exp: ([x]) => exp(x!),
  log: ([x]) => log(x!),
  sqrt: ([x]) => sqrt(x!),
  abs: ([x]) => abs(x!),
  sign: ([x]) => sign(x!),
  square: ([x]) => square(x!),
  neg: ([x]) => neg(x!),
  clamp: ([x], { least, greatest }) => clamp(x!, least, greatest),
}
