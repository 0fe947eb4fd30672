import { gatherRows, tensor, zeros } from 'convcore'
import * as reference from '../../reference/indexing.js'
import { type Case, type ErrorCase, type Input } from '../case.js'

const rows = (name: string, x: Input, index: number[]): Case => ({
  name: `gatherRows: ${name}`,
  inputs: [x, { shape: [index.length], dtype: 'int32', values: index }],
  op: (table, picked) => gatherRows(table, picked),
  reference: (table, picked) => reference.gatherRows(table, picked),
})

export const cases: Case[] = [
  rows('a matrix', { shape: [5, 3] }, [4, 0, 0, 2]),
  rows('images', { shape: [3, 2, 2, 2] }, [2, 1]),
  rows('labels', { shape: [4], dtype: 'int32', values: [10, 11, 12, 13] }, [3, 3, 0]),
  rows('bytes', { shape: [2, 3], dtype: 'uint8', values: [1, 2, 3, 4, 5, 255] }, [1]),
  rows('nothing', { shape: [5, 3] }, []),
]

export const takeAnyDType = ['gatherRows']

const matrix = () => zeros([2, 3])

export const errors: ErrorCase[] = [
  {
    name: 'gatherRows: a row beyond',
    run: () => gatherRows(matrix(), Int32Array.of(2)).dataSync(),
    error: { message: /2/ },
  },
  {
    name: 'gatherRows: row −1',
    run: () => gatherRows(matrix(), Int32Array.of(-1)).dataSync(),
    error: { message: /-1/ },
  },
  {
    name: 'gatherRows: a scalar',
    run: () => gatherRows(tensor(1), Int32Array.of(0)),
    error: { message: /gatherRows/ },
  },
]
