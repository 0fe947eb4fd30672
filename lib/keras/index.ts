export { type KerasWeights, type LoadOptions, loadWeights } from './manifest.js'
export { type StateDictOptions, toStateDict } from './stateDict.js'
export { fromConfig, loadLayersModel } from './load.js'
export { saveLayersModel, type SaveLayersModelOptions } from './save.js'
