import { loadEcharts } from './echarts.js'
import type { TextOptions } from './terminal.js'
import { Vector } from './vector.js'

/** Of the series, in order: told apart with red-green blindness too, and on white (Okabe and Ito, 2008). */
export const PALETTE = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#666666'] as const

/**
 * A chart, drawn by ECharts when it is asked for.
 * @param option as `setOption` of ECharts takes it
 * @param write the chart in characters
 */
export const chart = (
  width: number,
  height: number,
  option: object,
  write: (options: Required<TextOptions>) => string,
): Vector =>
  new Vector(
    width,
    height,
    async () => {
      const { init } = await loadEcharts()
      const drawn = init(null, null, { renderer: 'svg', ssr: true, width, height })
      try {
        drawn.setOption({ animation: false, backgroundColor: '#fff', color: [...PALETTE], ...option })
        return `${drawn.renderToSVGString()}\n`
      } finally {
        drawn.dispose()
      }
    },
    write,
  )
