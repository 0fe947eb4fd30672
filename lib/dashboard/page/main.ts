import type { EpochPoint, Parts, Status, StepPoint, Update } from '../shared/messages.js'
import { extend } from '../shared/thin.js'
import { drawConfusion } from './confusion.js'
import { clearCurves, drawCurves } from './curves.js'
import { byId, element, show } from './dom.js'
import { drawFigures } from './figures.js'
import { drawMaps, drawSamples } from './pictures.js'

const steps: StepPoint[] = []
const epochs: EpochPoint[] = []
let status: Status = { state: 'waiting', epoch: 0, epochs: 0, batch: 0 }
let connected = false
let drawing = false

const source = new EventSource('events')
source.onmessage = ({ data }: MessageEvent<string>) => {
  connected = true
  take(JSON.parse(data) as Update)
}
source.onerror = () => {
  connected = false
  drawState()
}

function take(update: Update): void {
  if (update.fresh) {
    steps.length = epochs.length = 0
    clearCurves()
    for (const section of document.querySelectorAll('section.optional')) (section as HTMLElement).hidden = true
  }
  extend(steps, update.steps ?? [])
  extend(epochs, update.epochs ?? [])
  drawParts(update)
  if (drawing) return
  drawing = true
  requestAnimationFrame(() => {
    drawing = false
    drawState()
    drawFigures(status, steps.at(-1), epochs.at(-1))
    drawCurves(steps, epochs)
  })
}

function drawParts({ title, settings, model, samples, maps, confusion, ...rest }: Partial<Parts>): void {
  if (rest.status) status = rest.status
  if (title !== undefined) document.title = byId('title').textContent = title
  if (settings) show('settings', tableOf(settings))
  if (model) show('model', model)
  if (samples) void drawSamples(samples)
  if (maps) void drawMaps(maps)
  if (confusion) drawConfusion(confusion)
}

function tableOf(settings: Readonly<Record<string, unknown>>): HTMLElement {
  const text = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))
  const rows = Object.entries(settings).map(([name, value]) =>
    element('tr', {}, element('th', { scope: 'row' }, name), element('td', {}, text(value))),
  )
  return element('table', { class: 'settings' }, ...rows)
}

/** Whether it runs, and how far it is. */
function drawState(): void {
  const { state, reason, epoch, epochs, batch, batches } = status
  const over = state === 'done' || state === 'failed'
  const lost = !connected && !over
  const pill = byId('state')
  pill.textContent = lost ? 'Connection lost' : { waiting: 'Waiting', training: 'Training', done: 'Finished', failed: 'Failed' }[state] // prettier-ignore
  pill.className = lost ? 'lost' : state
  const message = byId('message')
  message.textContent = lost ? 'The program has ended, or cannot be reached. What is below is what it last told.' : (reason ?? '') // prettier-ignore
  message.hidden = !message.textContent
  const within = batches ? batch / batches : 0
  const done = state === 'done' ? 1 : epochs ? Math.min(1, (Math.max(0, epoch - 1) + within) / epochs) : 0
  const bar = byId('progress') as HTMLProgressElement
  bar.value = done
  bar.textContent = `${Math.round(100 * done)} %`
}
