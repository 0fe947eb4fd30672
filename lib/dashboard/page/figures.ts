import type { EpochPoint, Status, StepPoint } from '../shared/messages.js'
import { byId, element } from './dom.js'
import { bytes, capital, duration, formatOf, number, perSecond, spaced } from './format.js'

/** What the run stands at, in numbers. */
export function drawFigures(status: Status, last: StepPoint | undefined, epoch: EpochPoint | undefined): void {
  const rows: [name: string, value: string, note?: string][] = []
  if (status.epochs) rows.push(['Epoch', `${status.epoch} / ${status.epochs}`, batchOf(status)])
  for (const [name, value] of Object.entries(epoch?.training ?? last?.figures ?? {}).slice(0, 3)) {
    const validated = epoch?.validation[name]
    const format = formatOf(name)
    const title = capital(spaced(name))
    if (validated === undefined) rows.push([title, format(value), 'training'])
    else rows.push([title, format(validated), `validation; training ${format(value)}`])
  }
  if (last) {
    const { samplesPerSecond, learningRates, memory } = last
    if (samplesPerSecond !== undefined && status.state === 'training')
      rows.push(['Speed', perSecond(samplesPerSecond), 'samples'])
    if (status.remaining !== undefined) rows.push(['Time left', duration(status.remaining)])
    if (learningRates.length) rows.push(['Learning rate', learningRates.map(number).join(', '), `step ${last.step.toLocaleString('en')}`]) // prettier-ignore
    rows.push(['Memory', bytes(memory.live), `peak ${bytes(memory.peak)}; process ${bytes(memory.resident)}`])
  }
  byId('figures').replaceChildren(
    ...rows.map(([name, value, note = '']) =>
      element(
        'div',
        { class: 'card figure' },
        element('dt', {}, name),
        element('dd', { class: 'value' }, value),
        element('dd', { class: 'note' }, note),
      ),
    ),
  )
}

const batchOf = ({ batch, batches }: Status): string =>
  batches
    ? `batch ${batch.toLocaleString('en')} / ${batches.toLocaleString('en')}`
    : `batch ${batch.toLocaleString('en')}`
