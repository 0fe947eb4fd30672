import {
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveAvgPool3d,
  adaptiveMaxPool1d,
  adaptiveMaxPool1dWithIndices,
  adaptiveMaxPool2d,
  adaptiveMaxPool2dWithIndices,
  adaptiveMaxPool3d,
  adaptiveMaxPool3dWithIndices,
} from 'convcore'
import type { Calls } from './call.js'

export const calls: Calls<{ output: number }> = {
  adaptiveAvgPool1d: ([x], { output }) => adaptiveAvgPool1d(x!, output),
  adaptiveAvgPool2d: ([x], { output }) => adaptiveAvgPool2d(x!, output),
  adaptiveAvgPool3d: ([x], { output }) => adaptiveAvgPool3d(x!, output),
  adaptiveMaxPool1d: ([x], { output }) => adaptiveMaxPool1d(x!, output),
  adaptiveMaxPool1dIndices: ([x], { output }) => adaptiveMaxPool1dWithIndices(x!, output).indices,
  adaptiveMaxPool2d: ([x], { output }) => adaptiveMaxPool2d(x!, output),
  adaptiveMaxPool2dIndices: ([x], { output }) => adaptiveMaxPool2dWithIndices(x!, output).indices,
  adaptiveMaxPool3d: ([x], { output }) => adaptiveMaxPool3d(x!, output),
  adaptiveMaxPool3dIndices: ([x], { output }) => adaptiveMaxPool3dWithIndices(x!, output).indices,
}
