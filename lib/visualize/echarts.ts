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
    const missing = (cause as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND'
    const reason = missing
      ? 'is not installed: run `npm install echarts`'
      : `does not load: ${(cause as Error).message}`
    throw Object.assign(new Error(`visualize: charts need the package echarts, which ${reason}`, { cause }), {
      code: 'ERR_MODULE_NOT_FOUND',
    })
  }
}
