import { element, svg } from './dom.js'
import { number } from './format.js'
import { linear, logarithmic, rangeOf, type Scale } from './scale.js'

export interface Line {
  readonly name: string
  readonly points: readonly (readonly [x: number, y: number])[]
  /** Which of the colours of the page. */
  readonly color: 1 | 2
  /** A faint one is not in the legend; dots mark the points. */
  readonly kind?: 'faint' | 'dots' | undefined
}

export interface ChartOptions {
  /** Of values. */
  readonly format?: (value: number) => string
  /** Whether the axis begins at 0; default false. */
  readonly fromZero?: boolean
  /** Whether orders of magnitude can be chosen; default false. */
  readonly magnitudes?: boolean
}

const HEIGHT = 220
const MARGIN = { left: 58, right: 14, top: 8, bottom: 26 }

/** Lines over the steps of a run. */
export class Chart {
  readonly element: HTMLElement
  readonly #drawing = svg('svg', { role: 'img', height: HEIGHT })
  readonly #legend = element('div', { class: 'legend' })
  readonly #tip = element('div', { class: 'tip', hidden: '' })
  readonly #magnitudes = element('input', { type: 'checkbox' })
  #lines: readonly Line[] = []
  /** Where the pointer is. */
  #pointer: number | undefined
  /** Of what is drawn. */
  #scales: { x: Scale; y: Scale; width: number } | undefined

  constructor(
    private readonly title: string,
    private readonly options: ChartOptions = {},
  ) {
    const head = element('div', { class: 'head' }, element('h3', {}, title), this.#legend)
    if (options.magnitudes) head.append(element('label', {}, this.#magnitudes, ' log'))
    const plot = element('div', { class: 'plot' }, this.#drawing, this.#tip)
    this.element = element('article', { class: 'card' }, head, plot)
    this.#magnitudes.addEventListener('change', () => this.#render())
    this.#drawing.addEventListener('pointermove', (event) => this.#point(event.offsetX))
    this.#drawing.addEventListener('pointerleave', () => this.#point(undefined))
    new ResizeObserver(() => this.#render()).observe(plot)
  }

  draw(lines: readonly Line[]): void {
    this.#lines = lines.filter(({ points }) => points.length)
    this.#render()
  }

  #render(): void {
    const width = this.#drawing.clientWidth
    if (!width || !this.#lines.length) return
    const magnitudes = this.#magnitudes.checked
    const shown = (y: number) => Number.isFinite(y) && (!magnitudes || y > 0)
    const lines = this.#lines.map((line) => ({ ...line, points: line.points.filter(([, y]) => shown(y)) }))
    const all = lines.flatMap(({ points }) => points)
    const x = linear(rangeOf(all.map(([x]) => x)), [MARGIN.left, width - MARGIN.right], Math.max(3, width / 80))
    const y = this.#valueScale(rangeOf(all.map(([, y]) => y)), magnitudes)
    this.#scales = { x, y, width }
    this.#drawing.setAttribute('viewBox', `0 0 ${width} ${HEIGHT}`)
    this.#drawing.setAttribute('aria-label', this.#summary())
    this.#drawing.replaceChildren(this.#axes(x, y, width), ...lines.map((line) => drawn(line, x, y)))
    this.#point(this.#pointer)
    const named = lines.filter(({ kind }) => kind !== 'faint')
    this.#legend.replaceChildren(
      ...(named.length > 1
        ? named.map(({ name, color }) => element('span', { class: `key color${color}` }, name))
        : []),
    )
  }

  #valueScale([low, high]: readonly [number, number], magnitudes: boolean): Scale {
    const ends = [HEIGHT - MARGIN.bottom, MARGIN.top] as const
    if (magnitudes) return logarithmic([low / 1.1, high * 1.1], ends)
    const room = 0.05 * (high - low)
    const bottom = this.options.fromZero ? 0 : low >= 0 ? Math.max(0, low - room) : low - room
    return linear([bottom, high + room], ends, 5)
  }

  #axes(x: Scale, y: Scale, width: number): SVGElement {
    const { format = number } = this.options
    const bottom = HEIGHT - MARGIN.bottom
    const parts = y.ticks.flatMap((tick) => {
      const at = y.place(tick)
      return [
        svg('line', { x1: MARGIN.left, x2: width - MARGIN.right, y1: at, y2: at, class: 'grid' }),
        svg('text', { x: MARGIN.left - 8, y: at + 4, 'text-anchor': 'end' }, format(tick)),
      ]
    })
    const labels = x.ticks
      .filter(Number.isInteger)
      .map((tick) =>
        svg('text', { x: x.place(tick), y: bottom + 18, 'text-anchor': 'middle' }, tick.toLocaleString('en')),
      )
    return svg('g', {}, ...parts, ...labels)
  }

  /** In words. */
  #summary(): string {
    const { format = number } = this.options
    const last = this.#lines
      .filter(({ kind }) => kind !== 'faint')
      .map(({ name, points }) => `${name} ${format(points.at(-1)![1])}`)
    return `${this.title}: ${last.join(', ')}`
  }

  /** Tells the values at the step nearest to a place. */
  #point(place: number | undefined): void {
    this.#pointer = place
    this.#drawing.querySelector('.cursor')?.remove()
    this.#tip.hidden = place === undefined
    if (!this.#scales || place === undefined) return
    const { x, y, width } = this.#scales
    const { format = number } = this.options
    const named = this.#lines.filter(({ kind }) => kind !== 'faint')
    const nearest = named.map(({ points }) =>
      points.reduce((a, b) => (Math.abs(x.place(b[0]) - place) < Math.abs(x.place(a[0]) - place) ? b : a)),
    )
    const close = nearest.reduce((a, b) => (Math.abs(x.place(b[0]) - place) < Math.abs(x.place(a[0]) - place) ? b : a))
    const at = x.place(close[0])
    const dots = nearest.flatMap(([step, value], i) =>
      Math.abs(x.place(step) - at) < 8 && Number.isFinite(y.place(value))
        ? [svg('circle', { cx: x.place(step), cy: y.place(value), r: 4, class: `dot color${named[i]!.color}` })]
        : [],
    )
    const rule = svg('line', { x1: at, x2: at, y1: MARGIN.top, y2: HEIGHT - MARGIN.bottom, class: 'rule' })
    this.#drawing.append(svg('g', { class: 'cursor' }, rule, ...dots))
    this.#tip.replaceChildren(
      element('div', {}, `step ${close[0].toLocaleString('en')}`),
      ...named.map(({ name, color }, i) =>
        element('div', { class: `key color${color}` }, `${name} ${format(nearest[i]![1])}`),
      ),
    )
    this.#tip.style.left = `${Math.min(at + 12, width - this.#tip.offsetWidth - 4)}px`
    if (at + 12 > width - this.#tip.offsetWidth) this.#tip.style.left = `${at - this.#tip.offsetWidth - 12}px`
  }
}

function drawn({ points, color, kind }: Line, x: Scale, y: Scale): SVGElement {
  const places = points.map(([step, value]) => [x.place(step).toFixed(1), y.place(value).toFixed(1)] as const)
  const line = svg('polyline', {
    points: places.map(([x, y]) => `${x},${y}`).join(' '),
    class: `line color${color} ${kind ?? ''}`,
  })
  if (kind !== 'dots' && points.length > 1) return line
  const dots =
    places.length > 60 ? [] : places.map(([cx, cy]) => svg('circle', { cx, cy, r: 3, class: `dot color${color}` }))
  return svg('g', {}, line, ...dots)
}
