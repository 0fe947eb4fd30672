// Optional peer dependencies: loaded where they are used, never before.

async function load<T>(who: string, name: string, module: () => Promise<T>): Promise<T> {
  try {
    return await module()
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause
    throw new Error(`${who}: expected the package ${name}, which is not installed; npm install ${name}`, { cause })
  }
}

/** @throws {Error} that says what to install when it is missing */
export const loadSharp = (who: string) => load(who, 'sharp', async () => (await import('sharp')).default)

/** ECharts with what charts of ours are made of. @throws {Error} that says what to install when it is missing */
export const loadEcharts = (who: string) =>
  load(who, 'echarts', async () => {
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
  })
