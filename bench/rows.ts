import type { Device } from 'convcore'
import { cases } from './cases.js'
import { convolution, type Figures, kernel } from './kernels.js'
import { inference, training } from './models.js'
import { tiny, tinyOps } from './overhead.js'

export type Section = 'conv' | 'kernel' | 'train' | 'infer' | 'overhead'

export interface Row {
  section: Section
  name: string
  /** As cases.json has it, and as the peers read it. */
  row: unknown
  figures: (device: Device) => Figures
}

const timed = <R>(section: Section, name: string, row: R, make: (row: R, device: Device) => Figures): Row => ({
  section,
  name,
  row,
  figures: (device) => make(row, device),
})

const rows: Row[] = [
  ...cases.train.map((row) => timed('train', row.name, row, training)),
  ...cases.conv.map((row) => timed('conv', row[0], row, convolution)),
  ...cases.kernel.map((row) => timed('kernel', row.name, row, kernel)),
  ...cases.infer.map((row) => timed('infer', `${row.name}/${row.batch}`, row, inference)),
  ...tinyOps.map((row) => timed('overhead', row, row, tiny)),
]

/** Those whose `section/name` matches. */
export const rowsLike = (filter: RegExp): Row[] => rows.filter(({ section, name }) => filter.test(`${section}/${name}`))

export const rowNames = (): string => rows.map(({ section, name }) => `${section}/${name}`).join(', ')
