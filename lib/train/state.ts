import { FormatError } from '../errors.js'
import type { StateDict } from '../nn/state.js'
import { defaultGenerator, Generator, type GeneratorState } from '../random.js'
import type { GradScalerState } from '../optim/gradScaler.js'
import type { Engine } from './engine.js'

/** What a step changes besides the data's position. */
export interface EngineState {
  model: StateDict
  optimizer: object
  scheduler?: object | undefined
  scaler?: GradScalerState | undefined
  random: { default: GeneratorState; model: Record<string, GeneratorState> }
}

/** @throws {TypeError} when the optimizer or the scheduler has no `stateDict()` */
export function snapshot({ model, options, schedule, scaler }: Engine): EngineState {
  const { optimizer } = options
  const { scheduler } = schedule ?? {}
  if (!optimizer?.stateDict || !optimizer.loadStateDict)
    throw new TypeError('checkpoint: expected an optimizer with stateDict() and loadStateDict()')
  if (scheduler && !(scheduler.stateDict && scheduler.loadStateDict))
    throw new TypeError('checkpoint: expected a scheduler with stateDict() and loadStateDict()')
  return {
    model: model.stateDict(),
    optimizer: optimizer.stateDict(),
    scheduler: scheduler?.stateDict?.(),
    scaler: scaler?.stateDict(),
    random: {
      default: defaultGenerator.state(),
      model: Object.fromEntries(generators(model).map(([path, generator]) => [path, generator.state()])),
    },
  }
}

/** @throws {FormatError} when the state is of other parts than the engine has */
export function restore({ model, options, schedule, scaler }: Engine, state: EngineState): void {
  const own = new Map(generators(model))
  for (const [name, here, there] of [
    ['a scheduler', schedule, state.scheduler],
    ['a gradient scaler', scaler, state.scaler],
  ] as const)
    if (!here !== !there)
      throw new FormatError(
        `resume: expected a run ${here ? 'with' : 'without'} ${name}, got one ${there ? 'with' : 'without'}`,
      )
  const strange = Object.keys(state.random.model).find((path) => !own.has(path))
  if (strange) throw new FormatError(`resume: expected a model with a generator ${strange}, got none`)
  model.loadStateDict(state.model)
  options.optimizer?.loadStateDict?.(state.optimizer as never)
  schedule?.scheduler.loadStateDict?.(state.scheduler as never)
  if (state.scaler) scaler?.loadStateDict(state.scaler)
  restoreRandom(model, state)
}

/** Puts the generators back alone, after what drew from them since `restore`. */
export function restoreRandom(model: Engine['model'], { random }: EngineState): void {
  const own = new Map(generators(model))
  for (const [path, saved] of Object.entries(random.model)) own.get(path)?.setState(saved)
  defaultGenerator.setState(random.default)
}

/** Generators in fields of the model's modules, by path: `drop.generator`. */
function generators(model: Engine['model']): [path: string, generator: Generator][] {
  return [...model.namedModules()].flatMap(([path, module]) =>
    Object.entries(module).flatMap(([field, value]: [string, unknown]): [string, Generator][] =>
      value instanceof Generator ? [[path ? `${path}.${field}` : field, value]] : [],
    ),
  )
}
