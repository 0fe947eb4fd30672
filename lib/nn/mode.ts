import type { Module } from './module.js'

/** Switches a model to training or evaluation; what it returns puts every module back as it was. */
export function switchMode(model: Module, training: boolean): () => void {
  const before = Array.from(model.modules(), (module) => [module, module.training] as const)
  model.train(training)
  return () => {
    for (const [module, mode] of before) module.training = mode
  }
}
