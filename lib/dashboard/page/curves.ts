import type { EpochPoint, StepPoint } from '../shared/messages.js'
import { Chart, type ChartOptions, type Line } from './chart.js'
import { byId } from './dom.js'
import { capital, formatOf, MEBI, mebibytes, perSecond, spaced } from './format.js'

const charts = new Map<string, Chart>()

/** How much of what was before a smoothed curve keeps at each point. */
const SMOOTHNESS = 0.9

/** Forgets the curves of the run before. */
export function clearCurves(): void {
  charts.clear()
  byId('curves').replaceChildren()
}

/** A chart for each figure, for the learning rate, the speed and the memory. */
export function drawCurves(steps: readonly StepPoint[], epochs: readonly EpochPoint[]): void {
  const names = new Set([...steps.slice(-1).flatMap(({ figures }) => Object.keys(figures)), ...epochs.flatMap(({ training }) => Object.keys(training))]) // prettier-ignore
  for (const name of names) {
    const training = pointsOf(steps, ({ figures }) => figures[name])
    const means = pointsOf(epochs, ({ training }) => training[name])
    const curve = training.length ? smooth(withEarlier(means, training)) : means
    const lines: Line[] = [
      { name: 'each step', points: training, color: 1, kind: 'faint' },
      { name: 'training', points: curve, color: 1 },
      { name: 'validation', points: pointsOf(epochs, ({ validation }) => validation[name]), color: 2, kind: 'dots' },
    ]
    draw(capital(spaced(name)), lines, { format: formatOf(name), magnitudes: /loss/i.test(name) })
  }
  const groups = steps.at(-1)?.learningRates.length ?? 0
  draw('Learning rate', Array.from({ length: groups }, (_, i): Line => ({ name: groups > 1 ? `group ${i + 1}` : 'learning rate', points: pointsOf(steps, ({ learningRates }) => learningRates[i]), color: i % 2 ? 2 : 1 })), { magnitudes: true, fromZero: true }) // prettier-ignore
  const speed = pointsOf(steps, ({ samplesPerSecond }) => samplesPerSecond)
  draw('Samples per second', [{ name: 'speed', points: speed, color: 1 }], { format: perSecond, fromZero: true })
  const memory: Line[] = [
    { name: 'tensors', points: pointsOf(steps, ({ memory }) => memory.live / MEBI), color: 1 },
    { name: 'process', points: pointsOf(steps, ({ memory }) => memory.resident / MEBI), color: 2 },
  ]
  draw('Memory', memory, { format: mebibytes, fromZero: true })
}

function draw(title: string, lines: readonly Line[], options: ChartOptions): void {
  if (!lines.some(({ points }) => points.length)) return
  let chart = charts.get(title)
  if (!chart) {
    chart = new Chart(title, options)
    charts.set(title, chart)
    byId('curves').append(chart.element)
  }
  chart.draw(lines)
}

type Points = (readonly [x: number, y: number])[]

const pointsOf = <T extends { readonly step: number }>(
  all: readonly T[],
  value: (point: T) => number | undefined,
): Points =>
  all.flatMap((point) => {
    const y = value(point)
    return typeof y === 'number' ? [[point.step, y] as const] : []
  })

/** Means of epochs before the first step that is known: those of a run that goes on from a checkpoint. */
const withEarlier = (means: Points, training: Points): Points => [
  ...means.filter(([step]) => step < training[0]![0]),
  ...training,
]

/** An exponential moving average that does not lean towards its first value. */
function smooth(points: Points): Points {
  let [sum, weight] = [0, 0]
  return points.map(([x, y]) => {
    if (!Number.isFinite(y)) return [x, y]
    sum = SMOOTHNESS * sum + (1 - SMOOTHNESS) * y
    weight = SMOOTHNESS * weight + (1 - SMOOTHNESS)
    return [x, sum / weight]
  })
}
