import type { Addon } from '../addon.js'
import type { Check } from './check.js'
import { cache, dataFolder, environment } from './environment.js'
import { addonLoads, build, echarts, node, sharp } from './installation.js'
import { gpu, instructions, memory, threads } from './machine.js'

/** All that `doctor` looks at, in this order. */
export const checks: readonly ((addon: Addon) => Check | Promise<Check>)[] = [
  node,
  addonLoads,
  build,
  instructions,
  threads,
  memory,
  gpu,
  sharp,
  echarts,
  environment,
  cache,
  dataFolder,
]
