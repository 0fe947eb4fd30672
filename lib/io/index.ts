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
export { loadPyTorch, type LoadPyTorchOptions } from './pytorch/load.js'
export { savePyTorch } from './pytorch/save.js'
export { loadNpy, type LoadNumpyOptions, saveNpy } from './numpy/npy.js'
export { loadNpz, saveNpz } from './numpy/npz.js'
export { openSafetensors, type SafetensorsFile } from './safetensorsFile.js'
