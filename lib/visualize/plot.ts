import { describe } from '../errors.js'
import { checkWhole } from '../ops/check.js'
import { chart, PALETTE } from './chart.js'
import type { Picture } from './picture.js'
import { extent, plotText } from './plotText.js'

/** A place in a chart. */
export type Point = readonly [x: number, y: number]

/** Points of one name. */
export interface Series {
  /** In the legend; those of one name have one colour. */
  name: string
  /** What is not finite leaves a gap. */
  points: readonly Point[]
  /** A line (default), the points alone, or an area of bars around each x. */
  kind?: 'line' | 'points' | 'bars'
}

/** A chart of y over x. */
export interface Panel {
  /** Above the chart. */
  title?: string
  /** Below the title, where one series needs no legend. */
  subtitle?: string
  /** Below the x axis. */
  xName?: string
  /** Beside the y axis. */
  yName?: string
  /** What is drawn. */
  series: readonly Series[]
  /** Vertical lines: where over-fitting begins, say. */
  marks?: readonly {
    /** Where the line stands. */
    x: number
    /** Beside it. */
    name: string
  }[]
  /** What of y is shown; default: all. */
  yRange?: readonly [least: number, greatest: number]
}

/** Options of {@link plot}. */
export interface PlotOptions {
  /** Panels per row; default up to 3. */
  columns?: number
  /** Of each panel, in pixels; default 480. */
  width?: number
  /** Of each panel, in pixels; default 320. */
  height?: number
}

const MARGIN = { left: 62, right: 24, top: 76, bottom: 48 }

/**
 * Panels of lines, points and bars.
 * @throws {TypeError} unless panels have series of points, {RangeError} when there is none
 */
export function plot(panels: Panel | readonly Panel[], options: PlotOptions = {}): Picture {
  const all: readonly Panel[] = Array.isArray(panels) ? (panels as readonly Panel[]) : [panels as Panel]
  all.forEach(checkPanel)
  if (!all.length) throw new RangeError('plot: expected at least one panel, got none')
  const { columns = Math.min(3, all.length), width = 480, height = 320 } = options
  for (const [name, value] of Object.entries({ columns, width, height })) checkWhole('plot', name, value, 1)
  const names = [...new Set(all.flatMap(({ series }) => series.map(({ name }) => name)))]
  const color = (name: string) => PALETTE[names.indexOf(name) % PALETTE.length]!
  const parts = all.map((panel, i) => {
    const place = { left: (i % columns) * width, top: Math.floor(i / columns) * height, width, height }
    return panelOption(panel, i, place, color)
  })
  const option = Object.fromEntries(
    (['title', 'legend', 'grid', 'xAxis', 'yAxis', 'series'] as const).map((key) => [
      key,
      parts.flatMap<object>((part) => part[key]),
    ]),
  )
  return chart(columns * width, Math.ceil(all.length / columns) * height, option, ({ columns }) =>
    all.map((panel) => plotText(panel, columns)).join('\n'),
  )
}

function checkPanel(panel: Panel, i: number): void {
  const series: unknown = (panel as Panel | undefined)?.series
  if (!Array.isArray(series) || !series.every((each) => Array.isArray((each as Partial<Series> | null)?.points)))
    throw new TypeError(`plot: expected panel ${i} to have series of points, got ${describe(series)}`)
}

interface Place {
  left: number
  top: number
  width: number
  height: number
}

/** A panel's part of ECharts' option. */
function panelOption(panel: Panel, i: number, { left, top, width, height }: Place, color: (name: string) => string) {
  const { title, subtitle, xName, yName, series, marks = [], yRange } = panel
  const small = { fontSize: 12, color: '#333' }
  const axis = {
    type: 'value',
    gridIndex: i,
    axisLabel: small,
    nameTextStyle: small,
    axisLine: { show: true, onZero: false },
  }
  return {
    title: {
      text: title ?? '',
      subtext: series.length > 1 ? '' : (subtitle ?? ''),
      left: left + width / 2,
      top: top + 8,
      textAlign: 'center',
      textStyle: { fontSize: 15 },
      subtextStyle: small,
      itemGap: 4,
    },
    legend: {
      data: series.map(({ name }) => name),
      left: left + MARGIN.left,
      top: top + 34,
      width: width - MARGIN.left - MARGIN.right,
      show: series.length > 1,
      itemGap: 24,
    },
    grid: {
      left: left + MARGIN.left,
      top: top + MARGIN.top,
      width: width - MARGIN.left - MARGIN.right,
      height: height - MARGIN.top - MARGIN.bottom,
    },
    xAxis: {
      ...axis,
      minInterval: isWhole(series) ? 1 : 0,
      name: xName,
      nameLocation: 'middle',
      nameGap: 28,
      scale: true,
      splitLine: { show: false },
    },
    yAxis: {
      ...axis,
      name: yName,
      nameLocation: 'middle',
      nameGap: 46,
      scale: !series.some(({ kind }) => kind === 'bars'),
      min: yRange?.[0],
      max: yRange?.[1],
    },
    series: series.map((each, j) => ({
      ...seriesOption(each, color(each.name)),
      xAxisIndex: i,
      yAxisIndex: i,
      markLine: j > 0 || !marks.length ? undefined : markOption(marks, middle(series)),
    })),
  }
}

const isWhole = (series: readonly Series[]): boolean =>
  series.every(({ points }) => points.every(([x]) => Number.isInteger(x)))

function seriesOption({ name, points, kind = 'line' }: Series, color: string) {
  const data = points.map(([x, y]) => [x, Number.isFinite(y) ? y : null])
  if (kind === 'points') return { type: 'scatter', name, data, symbolSize: 9, itemStyle: { color } }
  const line = { type: 'line', name, data, itemStyle: { color }, lineStyle: { color, width: 2 }, clip: true }
  return kind === 'bars'
    ? { ...line, step: 'middle', showSymbol: false, lineStyle: { color, width: 1 }, areaStyle: { color, opacity: 0.4 } }
    : { ...line, showSymbol: points.length <= 30, symbolSize: 5 }
}

/** Between the least and the greatest x. */
function middle(series: readonly Series[]): number {
  const [least, greatest] = extent(series.flatMap(({ points }) => points.map(([x]) => x)))
  return (least + greatest) / 2
}

/** Their names stand above the panel, on the side where there is more room. */
const markOption = (marks: NonNullable<Panel['marks']>, middle: number) => ({
  symbol: 'none',
  lineStyle: { color: '#444', type: 'dashed', width: 1.5 },
  data: marks.map(({ x, name }) => {
    const label = {
      formatter: '{b}',
      position: 'end',
      align: x > middle ? 'right' : 'left',
      color: '#444',
      fontSize: 12,
    }
    return { xAxis: x, name, label }
  }),
})
