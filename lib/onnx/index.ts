export { importModel, type ImportOptions } from './import.js'
export type { GraphInput } from './graph.js'
export type { OnnxModel } from './model.js'
export { exportModel, type ExportOptions } from './export/export.js'
