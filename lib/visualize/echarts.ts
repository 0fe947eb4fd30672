import { peerError } from '../peer.js'

/**
 * ECharts with what charts of ours are made of.
 * @throws {Error} ERR_MODULE_NOT_FOUND, saying what to install, when it is not there
 */
export async function loadEcharts() {
  try {
    const [core, { HeatmapChart, LineChart, ScatterChart }, components, { SVGRenderer }] = await Promise.all([
      import('echarts/core'),
      import('echarts/charts'),
      import('echarts/components'),
      import('echarts/renderers'),
    ])
    const { GridComponent, LegendComponent, MarkLineComponent, TitleComponent, VisualMapComponent } = components
    core.use([HeatmapChart, LineChart, ScatterChart, SVGRenderer])
    core.use([GridComponent, LegendComponent, MarkLineComponent, TitleComponent, VisualMapComponent])
    return core
  } catch (cause) {
    throw peerError('visualize: charts', 'echarts', cause)
  }
}
