import type { Maps, Sample, Samples } from '../shared/messages.js'
import { element, show } from './dom.js'
import { load, paint } from './pixels.js'

/** The samples with the model's answers. */
export async function drawSamples({ epoch, pixels, samples }: Samples): Promise<void> {
  const rgb = await load(pixels, true)
  if (!rgb) return
  const { width } = pixels
  const height = pixels.height / samples.length
  const size = 3 * width * height
  const figures = samples.map((sample, i) => {
    const canvas = element('canvas', { role: 'img', 'aria-label': described(sample) })
    paint(canvas, rgb.subarray(i * size, (i + 1) * size), width, height)
    return element('figure', { class: classOf(sample) }, canvas, caption(sample))
  })
  const judged = samples.filter(({ right }) => right !== undefined)
  const right = judged.filter((sample) => sample.right).length
  show('samples-note', `${judged.length ? `${right} of ${judged.length} right ` : ''}${when(epoch)}`)
  show('samples', ...figures)
}

/** What layers make of the first sample. */
export async function drawMaps({ epoch, layers }: Maps): Promise<void> {
  const loaded = await Promise.all(layers.map(({ pixels }) => load(pixels)))
  const figures = layers.flatMap(({ path, pixels: { width, height } }, i) => {
    const rgb = loaded[i]
    if (!rgb) return []
    const canvas = element('canvas', { role: 'img', 'aria-label': `Feature maps of layer ${path}` })
    paint(canvas, rgb, width, height)
    return [element('figure', {}, canvas, element('figcaption', {}, `layer ${path}`))]
  })
  if (!figures.length) return
  show('maps-note', `the first sample, ${when(epoch)}`)
  show('maps', ...figures)
}

const when = (epoch: number): string => (epoch ? `after epoch ${epoch}` : 'before training')

const classOf = ({ right }: Sample): string => (right === undefined ? '' : right ? 'right' : 'wrong')

const described = ({ label, answer, right }: Sample): string =>
  answer === undefined ? label : right ? `${label}, answered right` : `${label}, answered ${answer}`

function caption({ label, answer, right, probability }: Sample): HTMLElement {
  if (answer === undefined) return element('figcaption', {}, label)
  const share = probability === undefined ? '' : ` ${Math.round(100 * probability)} %`
  const words = right ? `✓ ${answer}` : `✗ ${answer}`
  const made = element('figcaption', {}, element('span', { class: 'answer' }, words), element('small', {}, share))
  if (!right) made.append(element('small', { class: 'label' }, `is ${label}`))
  return made
}
