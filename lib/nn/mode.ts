import type { Module } from './module.js'

/** Switches a model to training or evaluation; what it returns puts every module back as it was. */
function switchMode(model: Module, training: boolean): () => void {
  const before = Array.from(model.modules(), (module) => [module, module.training] as const)
  model.train(training)
  return () => {
    for (const [module, mode] of before) module.training = mode
  }
}

/** Runs a synchronous step in training or evaluation mode; every module is afterwards as it was. */
export function inMode<T>(model: Module, training: boolean, step: () => T): T {
  const restore = switchMode(model, training)
  try {
    return step()
  } finally {
    restore()
  }
}
