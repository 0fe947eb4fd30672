import {
  avgPool1d,
  avgPool2d,
  type AvgPool2dOptions,
  avgPool3d,
  maxPool1d,
  maxPool1dWithIndices,
  maxPool2d,
  maxPool2dWithIndices,
  maxPool3d,
  maxPool3dWithIndices,
} from 'convcore'
import type { Calls } from './call.js'

interface Options extends AvgPool2dOptions {
  kernel: number
}

// Kernels and options of one number for all sides or of several: the fixtures know how many.
type Given = Omit<Options, 'kernel' | 'stride' | 'padding'>

export const calls: Calls<Options> = {
  avgPool1d: ([x], { kernel, ...options }) => avgPool1d(x!, kernel, options as Given),
  avgPool2d: ([x], { kernel, ...options }) => avgPool2d(x!, kernel, options),
  avgPool3d: ([x], { kernel, ...options }) => avgPool3d(x!, kernel, options as Given),
  maxPool1d: ([x], { kernel, ...options }) => maxPool1d(x!, kernel, options as Given),
  maxPool1dIndices: ([x], { kernel, ...options }) => maxPool1dWithIndices(x!, kernel, options as Given).indices,
  maxPool2d: ([x], { kernel, ...options }) => maxPool2d(x!, kernel, options),
  maxPool2dIndices: ([x], { kernel, ...options }) => maxPool2dWithIndices(x!, kernel, options).indices,
  maxPool3d: ([x], { kernel, ...options }) => maxPool3d(x!, kernel, options as Given),
  maxPool3dIndices: ([x], { kernel, ...options }) => maxPool3dWithIndices(x!, kernel, options as Given).indices,
}
