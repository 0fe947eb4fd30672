export { type KerasWeights, type LoadOptions, loadWeights } from './manifest.js'
export { type StateDictOptions, toStateDict } from './stateDict.js'
