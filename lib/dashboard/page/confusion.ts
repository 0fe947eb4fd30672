import type { Confusion } from '../shared/messages.js'
import { element, show } from './dom.js'

const MOST_NUMBERED = 20 // classes whose counts can still be read

/** A table of labels by answers; the deeper a cell, the larger its share of the label's samples. */
export function drawConfusion({ epoch, counts, classes }: Confusion): void {
  const numbered = counts.length <= MOST_NUMBERED
  const head = element('tr', {}, element('td'), ...classes.map((name) => element('th', { scope: 'col' }, name)))
  const rows = counts.map((row, i) => {
    const total = row.reduce((a, b) => a + b, 0) || 1
    const cells = row.map((count, j) => {
      const title = `${classes[i]} answered as ${classes[j]}: ${count}`
      const cell = element('td', { title, class: i === j ? 'right' : 'wrong' })
      if (numbered && count) cell.append(count.toLocaleString('en'))
      cell.style.setProperty('--share', `${Math.round((100 * count) / total)}%`)
      if (count > total / 2) cell.classList.add('deep')
      return cell
    })
    return element('tr', {}, element('th', { scope: 'row' }, classes[i]!), ...cells)
  })
  const caption = element('caption', {}, 'Rows: label, columns: answer')
  show('confusion-note', `epoch ${epoch}`)
  show('confusion', element('table', { class: numbered ? 'matrix' : 'matrix dense' }, caption, head, ...rows))
}
