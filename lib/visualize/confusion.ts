import { describe } from '../errors.js'
import type { Counts } from '../train/confusion.js'
import { chart } from './chart.js'
import type { Picture } from './picture.js'

/** Options of {@link confusion}. */
export interface ConfusionOptions {
  /** The classes' names; default 0, 1, … */
  classes?: readonly string[]
  /** Above the matrix. */
  title?: string
}

const MOST_LABELLED = 25 // classes whose counts still can be read
const LETTER = 7 // pixels of width

/**
 * A confusion matrix: rows are labels, columns the model's answers. The colour is the share of a label's samples.
 *
 * @param counts `latest` of a `train.confusionMatrix`
 * @throws {TypeError} unless it is a square of counts, {RangeError} when there are not as many names as classes
 */
export function confusion(counts: Counts, { classes, title = '' }: ConfusionOptions = {}): Picture {
  const size = Array.isArray(counts) ? counts.length : 0
  if (!size || !counts.every((row) => Array.isArray(row) && row.length === size && row.every((n) => n >= 0)))
    throw new TypeError(`confusion: expected a square of counts, got ${describe(counts)}`)
  if (classes && classes.length !== size)
    throw new RangeError(`confusion: expected the names of ${size} classes, got ${classes.length}`)
  const names = classes ?? counts.map((_, i) => String(i))
  const cell = Math.min(56, Math.max(16, Math.floor(900 / size)))
  const side = cell * size
  const room = Math.min(110, 20 + LETTER * Math.max(...names.map((name) => name.length)))
  const axis = { type: 'category', data: names, splitArea: { show: false }, axisTick: { show: false } }
  const named = { nameLocation: 'middle', nameTextStyle: { fontSize: 14, color: '#333' } }
  const shown = size <= MOST_LABELLED
  const top = title ? 50 : 14
  const option = {
    title: { text: title, left: 'center', top: 10, textStyle: { fontSize: 16 } },
    grid: { left: room + 30, top, width: side, height: side },
    xAxis: {
      ...axis,
      ...named,
      name: 'answer',
      nameGap: upright(names) ? 30 : room - 10,
      axisLabel: {
        interval: shown ? 0 : 'auto',
        rotate: upright(names) ? 0 : 45,
        color: '#333',
        width: room - 15,
        overflow: 'truncate',
      },
    },
    yAxis: {
      ...axis,
      ...named,
      name: 'label',
      nameGap: room,
      inverse: true,
      axisLabel: { interval: shown ? 0 : 'auto', color: '#333', width: room - 15, overflow: 'truncate' },
    },
    visualMap: { show: false, min: 0, max: 1, dimension: 2, inRange: { color: ['#ffffff', '#9ecae1', '#08519c'] } },
    series: [
      {
        type: 'heatmap',
        data: counts.flatMap((row, i) => cellsOf(row, i, Math.min(14, cell / 3), shown)),
        itemStyle: { borderColor: '#d8d8d8', borderWidth: 1 },
      },
    ],
  }
  return chart(room + side + 60, side + top + (upright(names) ? 60 : room + 20), option, () => table(counts, names))
}

/** Names that are short stand upright. */
const upright = (names: readonly string[]): boolean => names.every((name) => name.length <= 3)

function cellsOf(row: readonly number[], i: number, fontSize: number, shown: boolean) {
  const total = row.reduce((a, b) => a + b, 0) || 1
  return row.map((count, j) => {
    const share = count / total
    const label = { show: shown && count > 0, formatter: String(count), fontSize, color: share > 0.5 ? '#fff' : '#222' }
    return { value: [j, i, share], label }
  })
}

function table(counts: Counts, names: readonly string[]): string {
  const rows = [['', ...names], ...counts.map((row, i) => [names[i]!, ...row.map(String)])]
  const widths = rows[0]!.map((_, j) => Math.max(...rows.map((row) => row[j]!.length)))
  const lines = rows.map((row) => row.map((text, j) => text.padStart(widths[j]!)).join('  '))
  return `rows: label, columns: answer\n${lines.join('\n')}\n`
}
