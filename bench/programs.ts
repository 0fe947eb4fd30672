import type { Device } from 'convcore'
import { ours } from './ours.js'
import type { Peer, Timings } from './peer.js'
import type { Row } from './rows.js'

/** Peers by the suffix of their settings' names. */
export interface Peers {
  torch: Peer
  tuned: Peer
  onnx: Peer | undefined
}

export const TUNED = ' + malloc'
const DEVICE: Device = 'cpu:0'

/** Each program once on a row, one after the other: milliseconds by figure and program, PyTorch's by its settings. */
export async function alternate(row: Row, { torch, tuned, onnx }: Peers, budget: number): Promise<Timings> {
  const result: Timings = {}
  const note = (timings: Timings, suffix = '') => {
    for (const [figure, times] of Object.entries(timings))
      for (const [setting, time] of Object.entries(times)) (result[figure] ??= {})[setting + suffix] = time
  }
  for (const [figure, convcore] of Object.entries(await ours(row, DEVICE, budget))) note({ [figure]: { convcore } })
  note(await torch.time(row.section, row.row))
  note(await tuned.time(row.section, row.row), TUNED)
  if (onnx && row.section === 'infer') note(await onnx.time(row.section, row.row))
  return result
}
