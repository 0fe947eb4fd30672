export { loadCheckpoint, saveCheckpoint } from './checkpoint.js'
export type { Metadata } from './header.js'
export {
  deserialize,
  type LoadOptions,
  loadSafetensors,
  readMetadata,
  saveSafetensors,
  serialize,
} from './safetensors.js'
