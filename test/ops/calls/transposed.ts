import {
  convTranspose1d,
  type ConvTranspose1dOptions,
  convTranspose2d,
  type ConvTranspose2dOptions,
  convTranspose3d,
  type ConvTranspose3dOptions,
} from 'convcore'
import type { Calls } from './call.js'

export const calls: Calls<ConvTranspose1dOptions & ConvTranspose2dOptions & ConvTranspose3dOptions> = {
  convTranspose1d: ([x, weight, bias], options) => convTranspose1d(x!, weight!, bias, options),
  convTranspose2d: ([x, weight, bias], options) => convTranspose2d(x!, weight!, bias, options),
  convTranspose3d: ([x, weight, bias], options) => convTranspose3d(x!, weight!, bias, options),
}
