import { readFileSync } from 'node:fs'

/** Stride, padding and groups last. */
export type ConvRow = [
  name: string,
  n: number,
  c: number,
  h: number,
  w: number,
  k: number,
  r: number,
  s: number,
  stride: number,
  padding: number,
  groups: number,
]

export interface KernelRow {
  name: string
  op: 'matmul' | 'im2col' | 'maxPool2d' | 'avgPool2d' | 'batchNorm2d' | 'relu' | 'crossEntropy'
  shape: number[]
  window?: number
  stride?: number
  padding?: number
}

export interface ModelRow {
  name: string
  batch: number
  /** Of one sample; those of infer are their training rows'. */
  input: number[]
}

interface Cases {
  threads: number
  conv: ConvRow[]
  kernel: KernelRow[]
  train: ModelRow[]
  infer: Omit<ModelRow, 'input'>[]
}

const casesFile = new URL('../../../bench/cases.json', import.meta.url)
export const cases = JSON.parse(readFileSync(casesFile, 'utf8')) as Cases

export const inputOf = (model: string): number[] => cases.train.find(({ name }) => name === model)!.input
